import ArgumentParser
import FoundationEssentials
import Glibc

/// What a process has used so far.
struct ProcessUsage {
    var processorSeconds: Double
    var residentBytes: Int
    /// The bytes that it caused to be written to a disk.
    var writtenBytes: Int
    var openFiles: Int

    init(of process: Int) throws {
        let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        // The name, in parentheses, may contain spaces.
        let fields = stat.split(separator: ")").last?.split(separator: " ").compactMap { Int($0) } ?? []
        // From the fields after the name and the state.
        guard fields.count > 20 else { throw ValidationError("/proc/\(process)/stat has an unknown format") }
        processorSeconds = Double(fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = fields[20] * sysconf(Int32(_SC_PAGESIZE))
        let io = try String(contentsOfFile: "/proc/\(process)/io", encoding: .utf8)
        let written = io.split(separator: "\n").first { $0.hasPrefix("write_bytes:") }
        writtenBytes = written.flatMap { Int($0.dropFirst(13)) } ?? 0
        openFiles = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
    }
}
