import Glibc

/// The processes of this machine, as `/proc` lists them at one time.
struct ProcessTable {
    struct Entry {
        var id: pid_t
        var name: String
        var parent: pid_t
        var group: pid_t
        var session: pid_t
        /// Since the start of the machine: a pid counts only with it.
        var startTicks: Int
        /// Of the process and the children that it waited for.
        var cpuTicks: Int
        var residentPages: Int
    }

    private(set) var entries: [pid_t: Entry] = [:]
    private var children: [pid_t: [Entry]] = [:]

    static func read() -> ProcessTable {
        var table = ProcessTable()
        // Without `/proc` no worker starts: the start of the machine is known from there.
        for name in (try? LocalFiles.names(in: "/proc")) ?? [] {
            // A process may end while the list is read.
            if let id = pid_t(name), let entry = Entry(id) { table.entries[id] = entry }
        }
        table.children = Dictionary(grouping: table.entries.values, by: \.parent)
        return table
    }

    /// The processes below one, which is not among them, by number.
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

    /// Whether a living supervisor has the process among its descendants.
    func isSupervised(_ entry: Entry) -> Bool {
        var next = entries[entry.parent]
        // Not further than a chain can be long: the table is no single moment, and might hold a cycle.
        for _ in 0..<entries.count {
            guard let ancestor = next else { return false }
            if ancestor.name == ProcessTable.supervisorName { return true }
            next = entries[ancestor.parent]
        }
        return false
    }

    static let supervisorName = "cube-supervisor"

    /// The variables and arguments of a process stand in `/proc` as strings ended by a NUL. Empty where it has ended, or
    /// belongs to somebody else.
    static func strings(_ file: String, of id: pid_t) -> [String] {
        // Not ours to read, or gone.
        guard let bytes = try? LocalFiles.read("/proc/\(id)/\(file)") else { return [] }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension ProcessTable.Entry {
    /// - Returns: `nil` for a process that has ended, also where nobody has waited for it yet.
    init?(_ id: pid_t) {
        // One that has ended is not there any more.
        guard let bytes = try? LocalFiles.read("/proc/\(id)/stat"),
            // The name stands in parentheses and may hold anything; what follows the last one is letters and numbers.
            let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 21, fields[0] != [UInt8(ascii: "Z")] else { return nil }
        func number(_ index: Int) -> Int { Int(String(decoding: fields[index], as: UTF8.self)) ?? 0 }
        self.init(
            id: id, name: String(decoding: bytes[(open + 1)..<close], as: UTF8.self), parent: pid_t(number(1)),
            group: pid_t(number(2)), session: pid_t(number(3)), startTicks: number(19),
            cpuTicks: number(11) + number(12) + number(13) + number(14), residentPages: number(21))
    }
}
