import Glibc

/// The file `outcome` of a run: what became of it.
///
/// It is made before anything is started, and only once: a run that has one is never started again. It has its full size
/// from the start and is overwritten in place, so that a disk that is full when the program ends loses no exit code.
struct Outcome {
    static let size = 512

    enum State: String {
        case starting, failed, running, exited
    }

    private let descriptor: Int32
    var state = State.starting
    var program: pid_t = 0
    /// Of the program, in clock ticks since the start of the machine: a pid counts only with it.
    var startTicks = 0
    /// In milliseconds since 1970.
    var began = 0
    var ended = 0
    /// How long the program ran, in milliseconds, whatever happened to the wall clock.
    var lasted = 0
    var code: Int32?
    var signal: Int32?
    /// Whether the end was asked for by somebody who is not the worker, such as the machine when it goes down.
    var unasked = false
    /// Whether everything that the program started is gone as well.
    var swept = false
    var message = ""

    /// - Returns: `nil` where the run has one already, or where there is no room for it; see `errno`.
    init?(in directory: Int32) {
        descriptor = openat(directory, "outcome", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        // On the disk at once, as space that is only promised may be refused later.
        guard write(), fdatasync(descriptor) == 0 else {
            let reason = errno
            unlinkat(directory, "outcome", 0)
            errno = reason
            return nil
        }
    }

    /// Writes all of it, in place.
    @discardableResult
    func write() -> Bool {
        var text = "cube-outcome/1\0state=\(state.rawValue)\0program=\(program)\0start_ticks=\(startTicks)\0"
        text += "began=\(began)\0ended=\(ended)\0lasted=\(lasted)\0"
        if let code { text += "code=\(code)\0" }
        if let signal { text += "signal=\(signal)\0" }
        text += "unasked=\(unasked ? 1 : 0)\0swept=\(swept ? 1 : 0)\0message=\(message)"
        var body = Array(text.utf8.prefix(Self.size - 16 - 5)) + Array("\0end\0".utf8)
        body += Array(repeating: 0, count: Self.size - 16 - body.count)
        let digits = String(checksum(body), radix: 16)
        let record = Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8) + body
        return pwrite(descriptor, record, record.count, 0) == record.count
    }

    func synchronize() { fdatasync(descriptor) }
}

/// The beginning of a text that may be of any length, cut between two characters, with a note of how much is missing.
func shortened(_ text: String, to limit: Int = 200) -> String {
    guard text.utf8.count > limit else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: limit)
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return "\(text[..<end])… (\(text.utf8.distance(from: end, to: text.endIndex)) more bytes)"
}

/// FNV-1a with 64 bits: tells a torn record from a whole one.
func checksum(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
