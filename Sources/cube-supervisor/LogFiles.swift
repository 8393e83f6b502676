import Glibc

/// Writes the output of a task to numbered files: `1.log`, `2.log`, and so on. When a file is full, the next one is
/// started and the oldest is deleted.
///
/// Beside each log file, a file such as `1.times` records when the output was written. It has a header, followed by
/// records of 16 bytes: an offset in the log file, and the wall-clock time in milliseconds since 1970, each 8 bytes. A
/// record is written before its output. For a program that writes a few bytes at a time, the records are larger than
/// the output, so the size limit applies to both files.
///
/// A failure never ends or blocks the program. Output that cannot be written is dropped, and the number of dropped
/// bytes is logged as soon as writing works again.
struct LogFiles {
    private let directory: Int32
    private let limit: Int
    private let keep: Int
    private var number = 0
    private var descriptor: Int32 = -1
    private var size = 0
    private var dropped = 0
    private var times: Int32 = -1
    private var timesSize = 0
    private var lastTime = 0

    private static let timesHeader = Array("cube-times/1\n\0\0\0".utf8)

    init(_ path: String, limit: Int, keep: Int) {
        directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        self.limit = limit
        self.keep = keep
        number = max(highestNumber(), 1)
        openFile()
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        if size >= limit || timesSize >= limit { advance() }
        if descriptor < 0 { openFile() }
        noteTime()
        if dropped > 0, append(Array("[cube: \(dropped) bytes of output were dropped]\n".utf8)) { dropped = 0 }
        guard dropped == 0 else { return dropped += bytes.count }
        dropped = bytes.count - appended(bytes)
    }

    private mutating func advance() {
        if descriptor >= 0 { close(descriptor) }
        if times >= 0 { close(times) }
        (descriptor, times) = (-1, -1)
        (size, timesSize) = (0, 0)
        number += 1
        unlinkat(directory, "\(number - keep).log", 0)
        unlinkat(directory, "\(number - keep).times", 0)
    }

    private mutating func openFile() {
        descriptor = openat(directory, "\(number).log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        var status = stat()
        size = descriptor >= 0 && fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        openTimes()
    }

    private mutating func openTimes() {
        if times >= 0 { close(times) }
        times = openat(directory, "\(number).times", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        lastTime = 0
        timesSize = 0
        var status = stat()
        guard times >= 0, fstat(times, &status) == 0 else { return }
        // Overwrite an incomplete record, as left by a full disk.
        timesSize = Int(status.st_size) / 16 * 16
        if timesSize == 0 { writeRecord(Self.timesHeader) }
    }

    /// Records the current time for the output that is written next. Output within the same millisecond shares a
    /// record.
    private mutating func noteTime() {
        let now = milliseconds(CLOCK_REALTIME)
        guard times >= 0, now != lastTime else { return }
        lastTime = now
        if timesSize == 0 { writeRecord(Self.timesHeader) }
        guard timesSize > 0 else { return }
        var record: [UInt8] = []
        for number in [Int64(size), Int64(now)] { withUnsafeBytes(of: number) { record += $0 } }
        writeRecord(record)
    }

    /// Writes a record. A failure is ignored, because output without times is better than no output.
    private mutating func writeRecord(_ record: [UInt8]) {
        if pwrite(times, record, record.count, off_t(timesSize)) == record.count { timesSize += record.count }
    }

    private mutating func append(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { appended($0) == $0.count }
    }

    /// Appends bytes to the log file.
    ///
    /// - Returns: The number of bytes that were written.
    private mutating func appended(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard descriptor >= 0 else { return 0 }
        let count = max(Glibc.write(descriptor, bytes.baseAddress, bytes.count), 0)
        size += count
        return count
    }

    private func highestNumber() -> Int {
        guard let listing = fdopendir(dup(directory)) else { return 0 }
        defer { closedir(listing) }
        var highest = 0
        while let entry = readdir(listing) {
            let name = entryName(entry)
            if name.hasSuffix(".log"), let number = Int(name.dropLast(4)) { highest = max(highest, number) }
        }
        return highest
    }
}

func entryName(_ entry: UnsafeMutablePointer<dirent>) -> String {
    withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
}
