package import CubeTypes
package import HashTreeCollections

/// The names of an owner that were pruned within a time window. A prune that exceeds the limits of the window is held.
///
/// The manager keeps the window in the owner's record. It writes the entry of a name in the transaction that accepts the first
/// pruning stop of the name, so a plan that is not carried out does not count. The planner reads the same window from the
/// observed owner. Both decide with ``admits(_:of:_:)``, so the manager refuses nothing that a plan permits on the basis of the
/// manager's current state.
///
/// Only the manager removes entries, by its own clock. The time between a plan and its transaction can therefore only free room
/// in the window.
package struct GuardWindow: Codable, Hashable, Sendable {
    package struct Entry: Codable, Hashable, Sendable {
        /// The time at which a task of the name was last stopped.
        package var at: DurableInstant
        /// Whether a person approved the prune. An approved prune does not count against the limits.
        package var approved: Bool
        /// Whether the name is declared again. The entry still counts, but permits no further stop.
        package var returned: Bool

        package init(at: DurableInstant, approved: Bool, returned: Bool = false) {
            self.at = at
            self.approved = approved
            self.returned = returned
        }
    }

    /// A persistent dictionary: a transaction that changes one of 100,000 entries of a committed window copies none of the others.
    package private(set) var entries: TreeDictionary<WorkloadName, Entry>

    package init(entries: [WorkloadName: Entry] = [:]) {
        self.entries = TreeDictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
    }

    // MARK: Decisions

    /// Returns the number of the owner's names to which the limits apply: the names with live tasks, and the names that were
    /// pruned within the window.
    ///
    /// - Parameters:
    ///   - living: the number of names with live tasks.
    ///   - lives: returns whether a name has live tasks.
    package func total(living: Int, lives: (WorkloadName) -> Bool) -> Int {
        living + entries.keys.count { !lives($0) }
    }

    /// Returns whether the given number of names may be pruned now, all together.
    ///
    /// - Parameters:
    ///   - count: the number of names that are neither approved nor permitted by ``hasReleased(_:)``.
    ///   - total: see ``total(living:lives:)``.
    package func admits(_ count: Int, of total: Int, _ limits: GuardLimits) -> Bool {
        count <= left(of: total, limits)
    }

    /// Returns the number of names that may still be pruned now.
    package func left(of total: Int, _ limits: GuardLimits) -> Int {
        limits.allowance(of: total) - entries.values.count { !$0.approved }
    }

    /// Returns whether the prune of a name was already accepted and recorded, so that its remaining tasks may be stopped too.
    package func hasReleased(_ name: WorkloadName) -> Bool { entries[name].map { !$0.returned } ?? false }

    // MARK: Recording

    /// Records the stop of a task of a name that is no longer declared.
    ///
    /// - Parameter approved: whether an approval covers the stop. A name that already counts against the limits continues to
    ///   count.
    package mutating func prune(_ name: WorkloadName, at moment: DurableInstant, approved: Bool) {
        if hasReleased(name) {
            entries[name]?.at = moment
        } else {
            let counted = entries[name].map { !$0.approved } ?? false
            entries[name] = Entry(at: moment, approved: approved && !counted)
        }
    }

    /// Records that a name is declared again.
    package mutating func returned(_ name: WorkloadName) { entries[name]?.returned = true }

    /// Ends the permission of all entries. They still count.
    package mutating func returnAll() { for name in entries.keys { entries[name]?.returned = true } }

    /// Removes the entries that are older than the window. An entry in the future is moved to the present, so a wall clock that
    /// was set back between two boots does not lengthen the window.
    package mutating func expire(at moment: DurableInstant, _ limits: GuardLimits) {
        for (name, entry) in entries where entry.at.isLater(than: moment) { entries[name]?.at = moment }
        entries = entries.filter { moment.since($0.value.at) < limits.window }
    }

    /// Returns whether ``expire(at:_:)`` would change anything.
    package func isDue(at moment: DurableInstant, _ limits: GuardLimits) -> Bool {
        entries.values.contains { $0.at.isLater(than: moment) || moment.since($0.at) >= limits.window }
    }
}

// MARK: - Wire format

extension GuardWindow {
    /// Creates the window from the manager's answer. The planner makes no decision from the times in it.
    init(_ pruned: [PrunedName]) {
        let entries = pruned.map { name in
            (name.name, Entry(at: DurableInstant(wall: name.at), approved: name.approved, returned: name.returned))
        }
        self.init(entries: Dictionary(entries) { $1 })
    }

    /// The entries, sorted by name.
    var pruned: [PrunedName] {
        entries.sorted { $0.key < $1.key }.map { name, entry in
            PrunedName(name: name, at: entry.at.wall, approved: entry.approved, returned: entry.returned)
        }
    }
}
