import CubeLinux
import Glibc

/// A program and all processes that it started, until all of them have ended.
///
/// A stop applies to the whole tree. The signal is sent to the process group of the first process, and all processes
/// have until the deadline to end, whether or not the first process has ended before. Processes that left the group
/// receive the signal as soon as the group is empty, because until then a process in the group may stop them in its own
/// order. All processes that remain at the deadline are killed.
///
/// The first process is reaped last. Until then, the kernel does not reuse its pid, which is also the id of the group.
struct ProcessTree {
    private let first: pid_t
    private var order: (signal: Int32, deadline: Int)?
    private var hasFirstEnded = false
    private var isKilling = false
    /// The processes outside the group that have received the signal.
    private var asked: [pid_t] = []
    /// Whether processes outside the group have not received the signal yet, because the group has not ended.
    private var isHoldingBack = false
    /// Whether a child ended while the children were listed. Its own children have become children of this process
    /// since then, and may be missing from the list.
    private var hasMissedSome = false

    init(of program: Program) { first = program.id }

    /// Whether a stop was requested.
    var isEnding: Bool { order != nil }

    /// The exit status of the first process, in the format of `waitpid`. Returned once, after the process has ended.
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

    /// Stops the tree, with a deadline on the boot-time clock. A repeated call can only shorten the deadline, and sends
    /// a signal only if it differs from the previous one.
    mutating func end(by signal: Int32, before time: Int) {
        if order?.signal != signal {
            kill(-first, signal)
            asked = []
        }
        order = (signal, signal == SIGKILL ? 0 : min(time, order?.deadline ?? time))
    }

    /// Performs the actions that are due.
    ///
    /// - Returns: Whether any process is left.
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
            // Ask the kernel which children have ended, because the list from `/proc` may be older.
            guard id == first || waitpid(id, nil, WNOHANG) == 0 else {
                hasMissedSome = true
                continue
            }
            isAlone = false
            if isKilling {
                // This process is a subreaper, so the children of a killed process become its children, regardless of
                // their group and session. Repeating this until no child is left reaches every process.
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

    /// The time in milliseconds until the next action is due; -1 if none is.
    ///
    /// There is no notification when this process inherits a child, nor when a grandchild ends. Therefore, children are
    /// polled, but only while an action depends on them.
    var timeout: Int32 {
        guard let order else { return -1 }
        if hasMissedSome { return 0 }
        if isKilling { return 20 }
        let rest = max(order.deadline - milliseconds(CLOCK_BOOTTIME), 0)
        return Int32(clamping: isHoldingBack ? min(rest, 50) : rest)
    }
}

/// The entry of a process in `/proc`.
struct ProcessEntry {
    let parent: pid_t
    let group: pid_t
    let startTicks: Int
    /// Whether the process has ended but has not been reaped.
    let hasEnded: Bool

    init?(_ id: pid_t) {
        guard let bytes = readAll("/proc/\(id)/stat"),
            // The name is in parentheses and can contain any character. After the last parenthesis, a letter and
            // numbers follow.
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

    /// The children of this process, including those that have ended.
    static func children() -> [pid_t] {
        // Not every kernel has this list, but it is far cheaper than reading all processes of the machine.
        if let list = readAll("/proc/thread-self/children") {
            return list.split(separator: UInt8(ascii: " ")).compactMap { pid_t(String(decoding: $0, as: UTF8.self)) }
        }
        return all().filter { ProcessEntry($0)?.parent == getpid() }
    }

    /// Whether a process of the group is still running.
    static func isAlive(group: pid_t) -> Bool {
        all().contains { ProcessEntry($0).map { $0.group == group && !$0.hasEnded } ?? false }
    }

    /// The processes of the machine.
    static func all() -> [pid_t] {
        guard let processes = opendir("/proc") else { return [] }
        defer { closedir(processes) }
        var ids: [pid_t] = []
        while let entry = readdir(processes) {
            if let id = pid_t(entryName(entry)) { ids.append(id) }
        }
        return ids
    }
}

/// - Returns: `nil` if the file does not exist or cannot be read.
func readAll(_ path: String) -> [UInt8]? {
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
