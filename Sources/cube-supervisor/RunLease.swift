import Glibc

/// The lease of a run: the file `lease`, which the worker overwrites in place to renew it.
///
/// The file contains the time, in milliseconds of the boot-time clock, until which the program may run, twice: a text of which only
/// a part has been written does not count. Without the file, the program may run without an end.
enum RunLease: Equatable {
    case none
    case until(Int)
    /// The file exists, but cannot be read now.
    case unreadable

    init(in directory: Int32) {
        let descriptor = openat(directory, "lease", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            self = errno == ENOENT ? .none : .unreadable
            return
        }
        defer { close(descriptor) }
        guard let fields = Fields(of: descriptor, format: "cube-lease/1"), let end = fields.number("until"),
            fields.number("again") == end
        else {
            self = .unreadable
            return
        }
        self = .until(end)
    }
}

/// The end of the lease of a run, as the supervisor knows it.
struct LeaseWatch {
    private let directory: Int32
    private let isRequired: Bool
    /// The time by which the program is killed; `nil` if it has no lease.
    private(set) var end: Int?

    /// - Parameters:
    ///   - directory: the directory of the run.
    ///   - isRequired: whether a lease whose file is removed still ends.
    init(in directory: Int32, isRequired: Bool = false) {
        self.directory = directory
        self.isRequired = isRequired
        read()
    }

    /// Reads the lease again. A lease that cannot be read is not renewed.
    mutating func read() {
        switch RunLease(in: directory) {
        case .none: if !isRequired { end = nil }
        case .until(let time): end = time
        case .unreadable: break
        }
    }

    /// Whether the lease has ended. It is read again before it counts as ended.
    mutating func hasEnded() -> Bool {
        guard let end, milliseconds(CLOCK_BOOTTIME) >= end else { return false }
        read()
        return self.end.map { milliseconds(CLOCK_BOOTTIME) >= $0 } ?? false
    }

    /// The shorter of a time in milliseconds, where -1 is no limit, and the rest of the lease.
    func limited(_ timeout: Int32) -> Int32 {
        guard let end else { return timeout }
        let rest = Int32(clamping: max(end - milliseconds(CLOCK_BOOTTIME), 0))
        return timeout < 0 ? rest : min(timeout, rest)
    }
}
