package import CubeTypes

/// The names of an owner that were pruned within a window of time. A prune beyond the limits of that window is held.
///
/// The manager keeps the window in the owner's record, and writes the entry of a name in the transaction that accepts the first
/// pruning stop of it. A plan that is not carried out therefore counts nothing. The planner reads the same window from the
/// observed owner. Both judge by ``admits(_:of:_:)``, so that the manager refuses nothing that a plan made from its
/// present state permits.
///
/// Only the manager removes entries, by its own clock. Between a plan and its transaction, time can only make room.
package struct GuardWindow: Codable, Hashable, Sendable {
    package struct Entry: Codable, Hashable, Sendable {
        /// When a task of the name was last stopped.
        package var at: DurableInstant
        /// Whether a person approved it: it does not count then.
        package var approved: Bool
        /// Whether the name is declared again: the entry still counts, and permits no further stop.
        package var returned: Bool

        package init(at: DurableInstant, approved: Bool, returned: Bool = false) {
            self.at = at
            self.approved = approved
            self.returned = returned
        }
    }

    package private(set) var entries: [WorkloadName: Entry]

    package init(entries: [WorkloadName: Entry] = [:]) { self.entries = entries }

    // MARK: Judging

    /// How many of the owner's names the limits count: those with live tasks, and those that were pruned lately.
    ///
    /// - Parameters:
    ///   - living: how many names have live tasks.
    ///   - lives: whether a name has.
    package func total(living: Int, lives: (WorkloadName) -> Bool) -> Int {
        living + entries.keys.count { !lives($0) }
    }

    /// Whether so many more names may be pruned now, as a whole.
    ///
    /// - Parameters:
    ///   - count: how many names that no approval covers and that ``hasReleased(_:)`` does not permit.
    ///   - total: see ``total(living:lives:)``.
    package func admits(_ count: Int, of total: Int, _ limits: GuardLimits) -> Bool {
        count <= left(of: total, limits)
    }

    /// How many more names may be pruned now.
    package func left(of total: Int, _ limits: GuardLimits) -> Int {
        limits.allowance(of: total) - entries.values.count { !$0.approved }
    }

    /// Whether the prune of `name` was accepted and counted already: its remaining tasks may be stopped too.
    package func hasReleased(_ name: WorkloadName) -> Bool { entries[name].map { !$0.returned } ?? false }

    // MARK: Recording

    /// Records that a task of a name is being stopped because nothing declares the name.
    ///
    /// - Parameter approved: whether an approval covers it. A name that was counted stays counted.
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

    /// Removes the entries whose time is over. An entry in the future counts from now on: a wall clock that was set back
    /// between two boots makes the window no longer.
    package mutating func expire(at moment: DurableInstant, _ limits: GuardLimits) {
        for (name, entry) in entries where entry.at.isLater(than: moment) { entries[name]?.at = moment }
        entries = entries.filter { moment.since($0.value.at) < limits.window }
    }

    /// Whether ``expire(at:_:)`` would change anything.
    package func isDue(at moment: DurableInstant, _ limits: GuardLimits) -> Bool {
        entries.values.contains { $0.at.isLater(than: moment) || moment.since($0.at) >= limits.window }
    }
}

// MARK: - On the wire

extension GuardWindow {
    /// What the manager told. The times decide nothing here.
    init(_ pruned: [PrunedName]) {
        let entries = pruned.map { name in
            (name.name, Entry(at: DurableInstant(wall: name.at), approved: name.approved, returned: name.returned))
        }
        self.init(entries: Dictionary(entries) { $1 })
    }

    /// By name.
    var pruned: [PrunedName] {
        entries.sorted { $0.key < $1.key }.map { name, entry in
            PrunedName(name: name, at: entry.at.wall, approved: entry.approved, returned: entry.returned)
        }
    }
}
