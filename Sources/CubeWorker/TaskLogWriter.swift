import CubeSystem
import Glibc
import SystemPackage

/// Writes output into a ``TaskLog`` in the format of the supervisor: numbered files, of which the oldest are removed, and beside
/// each a file with times (``LogTimes``). Used for output that reaches the worker itself.
struct TaskLogWriter {
    private let log: TaskLog
    private let limit: Int
    private var number: Int
    /// The length of the newest file and of its times, in bytes.
    private var size = 0
    private var timesSize = 0
    private var lastTime: Int64 = 0

    /// The end of the output.
    var end: (number: Int, offset: Int64) { (number, Int64(size)) }

    /// Opens the log of a task, and creates it if it is missing.
    static func open(_ log: TaskLog, limit: Int = TaskLog.fileBytes) throws -> TaskLogWriter {
        try LocalFiles.makeDirectory(log.directory)
        let number = try log.numbers().last ?? 1
        let size = try WritableFile(log.path(number, "log"), .appending).size()
        // Incomplete records, as a full disk leaves them behind, are overwritten.
        let times = try WritableFile(log.path(number, "times"), .appending).size() / LogTimes.size * LogTimes.size
        return TaskLogWriter(log: log, limit: limit, number: number, size: size, timesSize: times)
    }

    /// - Parameter time: when the program wrote the output, in milliseconds since 1970.
    mutating func write(_ bytes: [UInt8], at time: Int64) throws {
        if size >= limit || timesSize >= limit { try advance() }
        try note(time)
        let file = try WritableFile(log.path(number, "log"), .appending)
        try file.write(bytes)
        try file.close()
        size += bytes.count
    }

    private mutating func advance() throws {
        number += 1
        (size, timesSize, lastTime) = (0, 0, 0)
        for kind in ["log", "times"] { try LocalFiles.remove(log.path(number - TaskLog.files, kind).string) }
    }

    private mutating func note(_ time: Int64) throws {
        guard time != lastTime else { return }
        lastTime = time
        var record = timesSize == 0 ? LogTimes.header : []
        for value in [Int64(size), time] { withUnsafeBytes(of: value) { record += $0 } }
        let file = try WritableFile(log.path(number, "times"), .inPlace)
        try file.seek(to: timesSize)
        try file.write(record)
        try file.close()
        timesSize += record.count
    }
}

extension TaskLog {
    fileprivate func path(_ number: Int, _ kind: String) -> FilePath { FilePath("\(directory)/\(number).\(kind)") }
}
