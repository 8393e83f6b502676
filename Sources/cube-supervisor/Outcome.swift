import Glibc

/// The file `outcome`, which records the result of a run.
///
/// The file is created before the program starts, and only once: a run with an outcome is never started again. It has
/// its full size from the beginning and is overwritten in place, so that no exit code is lost if the disk is full when
/// the program ends.
struct Outcome {
    static let size = 512

    enum State: String {
        case starting, failed, running, exited
    }

    private let descriptor: Int32
    var state = State.starting
    var program: pid_t = 0
    /// The start time of the program, in clock ticks since boot. A pid identifies a process only together with this
    /// time.
    var startTicks = 0
    /// Start and end, in milliseconds since 1970.
    var began = 0
    var ended = 0
    /// The duration of the run in milliseconds, independent of the wall clock.
    var lasted = 0
    var code: Int32?
    var signal: Int32?
    /// Whether the kernel killed a process of the program because memory ran out, and the program failed.
    var ranOutOfMemory = false
    /// Whether the program was killed, or not started, because its lease had ended.
    var isLeaseLost = false
    /// Whether somebody other than the worker ended the program, such as the machine at shutdown.
    var unasked = false
    /// Whether all processes that the program started have also ended.
    var swept = false
    var message = ""

    /// Creates the file.
    ///
    /// - Returns: `nil` if the run already has an outcome, or if the file cannot be written; see `errno`.
    init?(in directory: Int32) {
        descriptor = openat(directory, "outcome", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        // Write to the disk now, because delayed allocation could fail later.
        guard write(), fdatasync(descriptor) == 0 else {
            let reason = errno
            unlinkat(directory, "outcome", 0)
            errno = reason
            return nil
        }
    }

    /// Overwrites the file in place.
    @discardableResult
    func write() -> Bool {
        var text = "cube-outcome/1\0state=\(state.rawValue)\0program=\(program)\0start_ticks=\(startTicks)\0"
        text += "began=\(began)\0ended=\(ended)\0lasted=\(lasted)\0"
        if let code { text += "code=\(code)\0" }
        if let signal { text += "signal=\(signal)\0" }
        if ranOutOfMemory { text += "oom=1\0" }
        if isLeaseLost { text += "lease_lost=1\0" }
        // Supervisors of earlier versions know no leases.
        text += "leases=1\0"
        text += "unasked=\(unasked ? 1 : 0)\0swept=\(swept ? 1 : 0)\0message=\(message)"
        var body = Array(text.utf8.prefix(Self.size - 16 - 5)) + Array("\0end\0".utf8)
        body += Array(repeating: 0, count: Self.size - 16 - body.count)
        let digits = String(checksum(body), radix: 16)
        let record = Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8) + body
        return pwrite(descriptor, record, record.count, 0) == record.count
    }

    func synchronize() { fdatasync(descriptor) }
}

/// Shortens a long text between two characters, and appends the number of omitted bytes.
func shortened(_ text: String, to limit: Int = 200) -> String {
    guard text.utf8.count > limit else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: limit)
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return "\(text[..<end])… (\(text.utf8.distance(from: end, to: text.endIndex)) more bytes)"
}

/// The 64-bit FNV-1a hash, which detects partially written records.
func checksum(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
