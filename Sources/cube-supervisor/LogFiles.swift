import Glibc

/// The output of a task in numbered files, `1.log` and on: a full one is followed by the next, and the oldest goes.
///
/// Beside each file stands when its output came, in `1.times` and on: a header, and records of an offset in the file and the
/// wall-clock time in milliseconds since 1970, each 8 bytes. A record stands before its output. For a program that writes a
/// few bytes at a time they are larger than the output: either file counts as full at the same size.
///
/// Nothing here ends or blocks the program: what cannot be written is dropped, and how much is said once writing works
/// again.
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
        // A record that a full disk cut off is written over.
        timesSize = Int(status.st_size) / 16 * 16
        if timesSize == 0 { writeRecord(Self.timesHeader) }
    }

    /// Notes that what is written next came now; what comes within a millisecond has one time.
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

    /// Output without times is better than none: what cannot be written is not known.
    private mutating func writeRecord(_ record: [UInt8]) {
        if pwrite(times, record, record.count, off_t(timesSize)) == record.count { timesSize += record.count }
    }

    private mutating func append(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { appended($0) == $0.count }
    }

    /// - Returns: how many bytes there was room for.
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
