import CubeCore
import CubeTypes
import HashTreeCollections

/// Which tasks, slots and owners changed at which revision: what blocking queries are answered from.
///
/// It is bounded for each owner and begins with the manager's incarnation; who asks for something older must list anew.
struct ChangeLog {
    enum Item: Hashable {
        case task(TaskID)
        case slot(SlotKey)
        case owner
    }

    fileprivate struct Entry {
        var revision: Int
        var item: Item
    }

    fileprivate struct Log {
        /// The revision up to which entries are missing.
        var floor: Int
        var entries: [Entry] = []
    }

    /// How many entries an owner has at least before the oldest are dropped.
    static let limit = 20_000

    private let beginning: Int
    private var logs: [OwnerName: Log] = [:]

    init(beginning: Int) { self.beginning = beginning }

    /// Takes in what was committed.
    ///
    /// - Returns: The owners of which something changed.
    mutating func record(_ changes: ClusterChanges, from old: ClusterState, to new: ClusterState) -> Set<OwnerName> {
        var items: [OwnerName: [Item]] = [:]
        for (id, task) in changes.tasks {
            // One that went over to another owner is gone for the one that had it.
            let owners = [task, old.records.tasks[id]].compactMap { $0?.slot.owner }
            for owner in Set(owners) { items[owner, default: []].append(.task(id)) }
        }
        for slot in changes.slots.keys { items[slot.owner, default: []].append(.slot(slot)) }
        for (name, owner) in changes.owners where owner?.revision != old.records.owners[name]?.revision {
            items[name, default: []].append(.owner)
        }
        for (owner, items) in items {
            var log = logs.removeValue(forKey: owner) ?? Log(floor: beginning)
            log.entries += items.map { Entry(revision: new.revision, item: $0) }
            if log.entries.count > 2 * Self.limit { log.dropOldest(log.entries.count - Self.limit) }
            logs[owner] = log
        }
        return Set(items.keys)
    }

    /// What changed of an owner after a revision; `nil` where that is no longer known.
    func changes(of owner: OwnerName, since revision: Int) -> Set<Item>? {
        guard let log = logs[owner] else { return revision >= beginning ? [] : nil }
        guard revision >= log.floor else { return nil }
        var items: Set<Item> = []
        for entry in log.entries.reversed() {
            if entry.revision <= revision { break }
            items.insert(entry.item)
        }
        return items
    }
}

extension ChangeLog.Log {
    fileprivate mutating func dropOldest(_ count: Int) {
        floor = entries[count - 1].revision
        entries.removeFirst(count)
    }
}
