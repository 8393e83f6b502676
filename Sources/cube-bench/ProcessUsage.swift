import ArgumentParser
import FoundationEssentials
import Glibc

/// What a process has used so far.
struct ProcessUsage {
    var processorSeconds: Double
    var residentBytes: Int
    /// Its memory, in which pages that several processes share count in parts (PSS).
    var proportionalBytes: Double
    /// How often one of its threads waited and went on.
    var wakeups: Int
    /// The bytes that it caused to be written to a disk.
    var writtenBytes: Int
    var openFiles: Int

    init(of process: Int) throws {
        // The name, in parentheses, may contain spaces.
        let fields = try Self.stat(process).split(separator: " ").compactMap { Int($0) }
        // From the fields after the name and the state.
        guard fields.count > 20 else { throw ValidationError("/proc/\(process)/stat has an unknown format") }
        processorSeconds = Double(fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = fields[20] * sysconf(Int32(_SC_PAGESIZE))
        proportionalBytes = Double(try Self.number("Pss:", of: "/proc/\(process)/smaps_rollup") * 1024)
        writtenBytes = try Self.number("write_bytes:", of: "/proc/\(process)/io")
        openFiles = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
        wakeups = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task").reduce(0) {
            // A thread may end in the meantime.
            $0 + ((try? Self.number("voluntary_ctxt_switches:", of: "/proc/\(process)/task/\($1)/status")) ?? 0)
        }
    }

    /// The name of the program that a process runs.
    static func name(of process: Int) throws -> String {
        let text = try String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
        return String(text.prefix { $0 != "\n" })
    }

    /// The parent of a process.
    static func parent(of process: Int) throws -> Int? {
        try stat(process).split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }

    /// The fields of `/proc/PID/stat` after the name.
    private static func stat(_ process: Int) throws -> Substring {
        let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return text.split(separator: ")").last ?? ""
    }

    private static func number(_ name: String, of file: String) throws -> Int {
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        return lines.first { $0.hasPrefix(name) }?.split { $0 == " " || $0 == "\t" }.dropFirst().first
            .flatMap { Int($0) } ?? 0
    }
}
