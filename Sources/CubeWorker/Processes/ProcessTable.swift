import Glibc

/// A snapshot of the machine's processes, read from `/proc`.
struct ProcessTable {
    struct Entry {
        var id: pid_t
        var name: String
        var parent: pid_t
        var group: pid_t
        var session: pid_t
        /// The start time since boot, in clock ticks. Together with it, a process ID is unique.
        var startTicks: Int
        /// The CPU time of the process and of its children that have been waited for, in clock ticks.
        var cpuTicks: Int
        /// The CPU time of the children that have been waited for, in clock ticks.
        var waitedTicks: Int
        var residentPages: Int
    }

    private(set) var entries: [pid_t: Entry] = [:]
    private var children: [pid_t: [Entry]] = [:]

    static func read() -> ProcessTable {
        var table = ProcessTable()
        // A machine without `/proc` never gets here: the worker does not start without the boot ID.
        for name in (try? LocalFiles.names(in: "/proc")) ?? [] {
            // The process may end while the list is read.
            if let id = pid_t(name), let entry = Entry(id) { table.entries[id] = entry }
        }
        table.children = Dictionary(grouping: table.entries.values, by: \.parent)
        return table
    }

    /// Returns the descendants of a process, without the process itself, sorted by ID.
    func descendants(of ancestor: pid_t) -> [Entry] {
        var found: [Entry] = []
        var queue = [ancestor]
        while let parent = queue.popLast() {
            for child in children[parent] ?? [] where child.id != parent {
                found.append(child)
                queue.append(child.id)
            }
        }
        return found.sorted { $0.id < $1.id }
    }

    /// Whether the process is a descendant of a living supervisor.
    func isSupervised(_ entry: Entry) -> Bool {
        var next = entries[entry.parent]
        // The number of steps is limited because the snapshot is not atomic and might contain a cycle.
        for _ in 0..<entries.count {
            guard let ancestor = next else { return false }
            if ancestor.name == ProcessTable.supervisorName { return true }
            next = entries[ancestor.parent]
        }
        return false
    }

    static let supervisorName = "cube-supervisor"

    /// Reads a file of `/proc/ID` that consists of NUL-terminated strings, such as the environment or the arguments.
    /// Returns an empty array if the process has ended or belongs to another user.
    static func strings(_ file: String, of id: pid_t) -> [String] {
        // The file is not readable, or the process has ended.
        guard let bytes = try? LocalFiles.read("/proc/\(id)/\(file)") else { return [] }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension ProcessTable.Entry {
    /// Reads the entry of a process.
    ///
    /// - Returns: `nil` for a process that has ended, including zombies.
    init?(_ id: pid_t) {
        // The file disappears with the process.
        guard let bytes = try? LocalFiles.read("/proc/\(id)/stat"),
            // The name is in parentheses and may contain any character. After the last parenthesis, there are only
            // letters and numbers.
            let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 21, fields[0] != [UInt8(ascii: "Z")] else { return nil }
        func number(_ index: Int) -> Int { Int(String(decoding: fields[index], as: UTF8.self)) ?? 0 }
        self.init(
            id: id, name: String(decoding: bytes[(open + 1)..<close], as: UTF8.self), parent: pid_t(number(1)),
            group: pid_t(number(2)), session: pid_t(number(3)), startTicks: number(19),
            cpuTicks: number(11) + number(12) + number(13) + number(14), waitedTicks: number(13) + number(14),
            residentPages: number(21))
    }
}

extension RunUsage {
    /// Adds up what a supervisor's processes use and have used. What a process used that has ended counts for the process that waited
    /// for it, at the latest for the supervisor, so no counter ever decreases.
    init(of processes: [ProcessTable.Entry], under supervisor: ProcessTable.Entry?) {
        let (ticks, page) = (Double(sysconf(Int32(_SC_CLK_TCK))), sysconf(Int32(_SC_PAGESIZE)))
        let transfers = (processes + [supervisor].compactMap { $0 }).compactMap { Transfer(disksOf: $0.id) }
        self = processes.reduce(into: RunUsage()) { sum, entry in
            sum.processes += 1
            sum.cpuSeconds += Double(entry.cpuTicks) / ticks
            sum.memoryBytes += entry.residentPages * page
        }
        cpuSeconds += Double(supervisor?.waitedTicks ?? 0) / ticks
        disk = transfers.isEmpty ? nil : transfers.reduce(into: Transfer()) { $0 += $1 }
    }
}

extension Transfer {
    /// What a process and the children that it has waited for have read from disks and written to them.
    ///
    /// - Returns: `nil` for a process that has ended or that this user may not inspect.
    init?(disksOf process: pid_t) {
        guard let bytes = try? LocalFiles.read("/proc/\(process)/io") else { return nil }  // Either of the two reasons.
        self.init()
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let value = Int(words[1]) else { continue }
            switch words[0] {
            case "read_bytes:": incoming = value
            case "write_bytes:": outgoing = value
            default: break
            }
        }
    }
}
