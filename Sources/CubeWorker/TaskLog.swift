import CubeSystem
import Glibc
import SystemPackage

/// The output of a task, in numbered files (`1.log`, `2.log`, …) that its supervisors write. The oldest files are removed.
package struct TaskLog: Sendable {
    /// The size, in bytes, at which a new file is begun.
    package static let fileBytes = 10 << 20
    /// The number of files that are kept.
    package static let files = 3

    let directory: String

    /// Returns the numbers of the files in ascending order: the oldest file first.
    func numbers() throws -> [Int] {
        try LocalFiles.names(in: directory).compactMap { $0.hasSuffix(".log") ? Int($0.dropLast(4)) : nil }.sorted()
    }

    /// Opens a file for reading.
    ///
    /// - Returns: `nil` if the file has been removed.
    func open(_ number: Int) throws -> FileDescriptor? {
        do {
            return try .open("\(directory)/\(number).log", .readOnly, options: [.closeOnExec])
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
    }

    /// Appends to the newest file, or creates the first file. Used for output that no supervisor writes.
    package func append(_ bytes: [UInt8]) throws {
        try LocalFiles.makeDirectory(directory)
        let file = try WritableFile(FilePath("\(directory)/\(try numbers().last ?? 1).log"), .appending)
        try file.write(bytes)
        try file.close()
    }

    /// Ends the last line if it has no line feed, so that the output of the next run begins on a line of its own.
    func endLine() throws {
        guard let number = try numbers().last, let descriptor = try open(number) else { return }
        let last: UInt8? = try descriptor.closeAfter {
            let size = try descriptor.seek(offset: 0, from: .end)
            guard size > 0 else { return nil }
            return try TaskLogReader.read(descriptor, at: size - 1, 1).first
        }
        if let last, last != UInt8(ascii: "\n") { try append([UInt8(ascii: "\n")]) }
    }

    /// Returns the last lines, in at most `bytes` bytes; `nil` if there is no output.
    func last(lines: Int, bytes: Int) throws -> String? {
        let reader = TaskLogReader(self)
        try reader.seek(lines: lines, bytes: bytes)
        var found: [UInt8] = []
        while found.count < bytes, let chunk = try reader.read() { found += chunk }
        // Text that was cut within a line begins at least with a complete UTF-8 character.
        let isCut = found.count >= bytes
        let text = String(decoding: found.suffix(bytes).drop { isCut && $0 & 0xc0 == 0x80 }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}

/// Reads the output of a task from a given position, across file boundaries. It holds one open file and one chunk at a time.
final class TaskLogReader {
    private let log: TaskLog
    private var file: (number: Int, descriptor: FileDescriptor)?
    /// The position at which to begin in the first file.
    private var start: (number: Int, offset: Int64)?

    private static let chunk = 1 << 16

    init(_ log: TaskLog) { self.log = log }

    // The descriptor is read only, so a failing `close` loses no data.
    deinit { try? file?.descriptor.close() }

    /// Returns the position after the last byte of the output.
    func end() throws -> (number: Int, offset: Int64)? {
        guard let number = try log.numbers().last, let descriptor = try log.open(number) else { return nil }
        return try descriptor.closeAfter { (number, try descriptor.seek(offset: 0, from: .end)) }
    }

    /// Moves to the start of the last `lines` lines, searching backwards through at most `bytes` bytes.
    func seek(lines: Int, bytes: Int = .max) throws {
        guard lines > 0 else { return start = try end() }
        var (missing, room) = (lines, bytes)
        // A newline at the very end of the output does not begin another line.
        var isEnd = true
        for number in try log.numbers().reversed() {
            guard let descriptor = try log.open(number) else { break }
            let place: Int64? = try descriptor.closeAfter {
                var position = try descriptor.seek(offset: 0, from: .end)
                while position > 0 {
                    let size = min(Int(position), Self.chunk, room)
                    position -= Int64(size)
                    let bytes = try Self.read(descriptor, at: position, size)
                    for index in bytes.indices.reversed() {
                        if bytes[index] == UInt8(ascii: "\n"), !isEnd {
                            missing -= 1
                            if missing == 0 { return position + Int64(index) + 1 }
                        }
                        isEnd = false
                    }
                    room -= size
                    if room == 0 { return position }
                }
                return nil
            }
            start = (number, place ?? 0)
            if place != nil { return }
        }
    }

    /// Moves to the first line that was written at or after a time, or to the end if there is no such line. A file
    /// without a times file is skipped only if it was last modified before that time.
    ///
    /// - Parameter milliseconds: the time, in milliseconds since 1970.
    func seek(since milliseconds: Int64) throws {
        for number in try log.numbers() {
            var times = LogTimes(directory: log.directory, number: number)
            times.refresh()
            guard let descriptor = try log.open(number) else { continue }
            let place: Int64? = try descriptor.closeAfter {
                guard let first = times.records.first else {
                    return try Self.modified(descriptor) >= milliseconds ? 0 : nil
                }
                // An earlier version of the supervisor wrote the output in front of the first record.
                if first.offset > 0, first.milliseconds >= milliseconds { return 0 }
                guard let record = times.records.first(where: { $0.milliseconds >= milliseconds }) else { return nil }
                return try Self.lineStart(in: descriptor, from: record.offset)
            }
            if let place { return advance(to: (number, place)) }
        }
        if let end = try end() { advance(to: end) }
    }

    /// Moves the start forward to a position, unless the start is already behind it.
    private func advance(to place: (number: Int, offset: Int64)) {
        if start.map({ ($0.number, $0.offset) < (place.number, place.offset) }) ?? true { start = place }
    }

    private static func modified(_ descriptor: FileDescriptor) throws -> Int64 {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        return Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
    }

    /// Returns the offset of the first line that begins at or after an offset.
    private static func lineStart(in descriptor: FileDescriptor, from offset: Int64) throws -> Int64 {
        guard offset > 0 else { return 0 }
        var position = offset - 1
        while true {
            let bytes = try read(descriptor, at: position, chunk)
            if bytes.isEmpty { return offset }
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) { return position + Int64(end) + 1 }
            position += Int64(bytes.count)
        }
    }

    /// The position of the first byte of the chunk that was read last.
    private(set) var place: (number: Int, offset: Int64) = (0, 0)

    /// Reads the next bytes.
    ///
    /// - Parameter limit: the position at which reading stops.
    /// - Returns: the next bytes; `nil` if there are none at present.
    func read(upTo limit: (number: Int, offset: Int64)? = nil) throws -> [UInt8]? {
        while true {
            guard let file = try file ?? openFirst() else { return nil }
            var size = Self.chunk
            if let limit {
                if file.number > limit.number { return nil }
                let position = try file.descriptor.seek(offset: 0, from: .current)
                if file.number == limit.number { size = min(size, Int(max(limit.offset - position, 0))) }
            }
            // Looked up before the read: a file is complete once its successor exists.
            let next = try log.numbers().first { $0 > file.number }
            let offset = try file.descriptor.seek(offset: 0, from: .current)
            let bytes = size == 0 ? [] : try Self.read(file.descriptor, size)
            if !bytes.isEmpty {
                place = (file.number, offset)
                return bytes
            }
            guard let next, let descriptor = try log.open(next) else { return nil }
            try file.descriptor.close()
            self.file = (next, descriptor)
        }
    }

    private func openFirst() throws -> (number: Int, descriptor: FileDescriptor)? {
        let numbers = try log.numbers()
        guard let number = numbers.first(where: { $0 >= start?.number ?? 0 }), let descriptor = try log.open(number)
        else { return nil }
        if let start, start.number == number { try descriptor.seek(offset: start.offset, from: .start) }
        file = (number, descriptor)
        return file
    }

    fileprivate static func read(_ descriptor: FileDescriptor, at offset: Int64? = nil, _ size: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            count =
                if let offset {
                    try descriptor.read(fromAbsoluteOffset: offset, into: bytes)
                } else {
                    try descriptor.read(into: bytes)
                }
        }
    }
}
