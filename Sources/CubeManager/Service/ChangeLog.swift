import CubeCore
import CubeTypes
import HashTreeCollections

/// Records which tasks, slots and owners changed at which revision. Blocking queries are answered from it.
///
/// The log is bounded per owner and starts empty with each term of the manager. A caller that asks about an older
/// revision must list again.
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

    /// The minimum number of entries that an owner's log keeps when it drops the oldest.
    static let limit = 20_000

    private let beginning: Int
    private var logs: [OwnerName: Log] = [:]

    init(beginning: Int) { self.beginning = beginning }

    /// Records committed changes.
    ///
    /// - Returns: The owners with changes.
    mutating func record(_ changes: ClusterChanges, from old: ClusterState, to new: ClusterState) -> Set<OwnerName> {
        var items: [OwnerName: [Item]] = [:]
        for (id, task) in changes.tasks {
            // A task that was adopted counts as removed for its previous owner.
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
        // A client that knew a forgotten owner lists again: nothing that it remembers of the owner holds for a new one of its name.
        for (name, owner) in changes.owners where owner == nil { logs[name] = Log(floor: new.revision) }
        return Set(items.keys)
    }

    /// Returns the items of an owner that changed after a revision, or `nil` if the log no longer reaches back that
    /// far.
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
