import CubeLinux
import Glibc

/// A program and all that it started, until nothing of it is left.
///
/// An end is asked of the whole tree. The signal goes to the process group of the first process, and everything has until
/// the deadline, whether or not the first process ended before. Processes that left the group are asked as soon as the group
/// is gone, when nobody of the group can ask them in an order of its own any more. What is left at the deadline is killed.
///
/// The first process is waited for last: until then the kernel gives its number, which is that of the group, to nobody else.
struct ProcessTree {
    private let first: pid_t
    private var order: (signal: Int32, deadline: Int)?
    private var hasFirstEnded = false
    private var isKilling = false
    /// The processes outside the group that were asked to end.
    private var asked: [pid_t] = []
    /// Whether processes outside the group wait for the group to end.
    private var isHoldingBack = false
    /// Whether a child ended while the children were looked at. What it left behind is a child of this process only since
    /// then, and may not have been seen.
    private var hasMissedSome = false

    init(of program: Program) { first = program.id }

    /// Whether the tree was asked to end.
    var isEnding: Bool { order != nil }

    /// How the first process ended, in the form of `waitpid`; once, after it has.
    mutating func firstEnd() -> Int32? {
        guard !hasFirstEnded else { return nil }
        while case let id = cube_ended_child(), id > 0 {
            if id == first {
                hasFirstEnded = true
                return cube_child_end(first)
            }
            waitpid(id, nil, 0)
        }
        return nil
    }

    /// Asks everything to end before a time of the boot clock. Asked again, the time only gets shorter, and only another
    /// signal is sent.
    mutating func end(by signal: Int32, before time: Int) {
        if order?.signal != signal {
            kill(-first, signal)
            asked = []
        }
        order = (signal, signal == SIGKILL ? 0 : min(time, order?.deadline ?? time))
    }

    /// Does what is due.
    ///
    /// - Returns: whether anything is left.
    mutating func attend() -> Bool {
        guard let order else { return true }
        if milliseconds(CLOCK_BOOTTIME) >= order.deadline {
            isKilling = true
            kill(-first, SIGKILL)
        }
        guard hasFirstEnded || isKilling else { return true }

        var (isAlone, isGroupAlive) = (true, false)
        var outside: [pid_t] = []
        hasMissedSome = false
        for id in ProcessEntry.children() where id != first || !hasFirstEnded {
            // The kernel decides which children have ended: what `/proc` said of them may be older.
            guard id == first || waitpid(id, nil, WNOHANG) == 0 else {
                hasMissedSome = true
                continue
            }
            isAlone = false
            if isKilling {
                // As this process is a subreaper, whatever a killed one leaves behind becomes a child too, whichever group
                // and session it went to: repeated until there is none, this reaches everything.
                kill(id, SIGKILL)
            } else if getpgid(id) == first {
                isGroupAlive = true
            } else if !asked.contains(id) {
                outside.append(id)
            }
        }
        if isAlone, hasFirstEnded, !hasMissedSome {
            waitpid(first, nil, 0)
            return false
        }
        isHoldingBack = !outside.isEmpty && (isGroupAlive || ProcessEntry.isAlive(group: first))
        if !isHoldingBack {
            for id in outside { kill(id, order.signal) }
            asked += outside
        }
        return true
    }

    /// After how many milliseconds something is due, whatever happens; -1: never.
    ///
    /// A process that was handed over to this one gives no sign, nor does the end of a process that is the child of another
    /// one. So children are looked for from time to time, but only where something hangs on them.
    var timeout: Int32 {
        guard let order else { return -1 }
        if hasMissedSome { return 0 }
        if isKilling { return 20 }
        let rest = max(order.deadline - milliseconds(CLOCK_BOOTTIME), 0)
        return Int32(clamping: isHoldingBack ? min(rest, 50) : rest)
    }
}

/// What `/proc` says of a process.
struct ProcessEntry {
    let parent: pid_t
    let group: pid_t
    let startTicks: Int
    /// Whether it has ended, and was not waited for.
    let hasEnded: Bool

    init?(_ id: pid_t) {
        guard let bytes = readAll("/proc/\(id)/stat"),
            // The name stands in parentheses and may hold anything; what follows the last one is a letter and numbers.
            let close = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "))
        func number(_ index: Int) -> Int? { Int(String(decoding: fields[index], as: UTF8.self)) }
        guard fields.count > 19, let parent = number(1), let group = number(2), let startTicks = number(19) else {
            return nil
        }
        self.parent = pid_t(parent)
        self.group = pid_t(group)
        self.startTicks = startTicks
        hasEnded = fields[0] == [UInt8(ascii: "Z")] || fields[0] == [UInt8(ascii: "X")]
    }

    /// The children of this process, those included that have ended.
    static func children() -> [pid_t] {
        // Not every kernel has the list, which costs far less than to look at all processes of the machine.
        if let list = readAll("/proc/thread-self/children") {
            return list.split(separator: UInt8(ascii: " ")).compactMap { pid_t(String(decoding: $0, as: UTF8.self)) }
        }
        return all().filter { ProcessEntry($0)?.parent == getpid() }
    }

    /// Whether a process of a group has not ended.
    static func isAlive(group: pid_t) -> Bool {
        all().contains { ProcessEntry($0).map { $0.group == group && !$0.hasEnded } ?? false }
    }

    private static func all() -> [pid_t] {
        guard let processes = opendir("/proc") else { return [] }
        defer { closedir(processes) }
        var ids: [pid_t] = []
        while let entry = readdir(processes) {
            if let id = pid_t(entryName(entry)) { ids.append(id) }
        }
        return ids
    }
}

/// - Returns: `nil` where there is no such file, or where it cannot be read.
private func readAll(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while true {
        let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(read(descriptor, buffer.baseAddress, buffer.count), 0)
        }
        if chunk.isEmpty { return bytes }
        bytes += chunk
    }
}
