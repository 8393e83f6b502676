package import CubeTypes

/// The names that were pruned lately. It is persisted, so that a restart gives no new allowance.
package struct GuardWindow: Codable, Hashable, Sendable {
    package struct Entry: Codable, Hashable, Sendable {
        package var at: Timestamp
        /// A person approved it: it does not count.
        package var approved: Bool
        /// The name is defined again: the entry counts, and releases nothing any more.
        package var returned: Bool

        package init(at: Timestamp, approved: Bool, returned: Bool = false) {
            self.at = at
            self.approved = approved
            self.returned = returned
        }
    }

    package private(set) var entries: [WorkloadName: Entry]

    package init(entries: [WorkloadName: Entry] = [:]) { self.entries = entries }

    /// How many more names of `total` may be pruned now.
    package func left(of total: Int, _ limits: GuardLimits) -> Int {
        limits.allowance(of: total) - entries.values.count { !$0.approved }
    }

    /// Whether the prune of `name` was let through and counted already.
    package func hasReleased(_ name: WorkloadName) -> Bool { entries[name].map { !$0.returned } ?? false }

    /// When the oldest entry goes.
    package func expiry(_ limits: GuardLimits) -> Timestamp? {
        entries.values.map(\.at).min().map { $0 + limits.window }
    }

    package mutating func release(_ name: WorkloadName, at now: Timestamp, approved: Bool) {
        // What was counted once stays counted, also where it is approved later.
        let counted = entries[name].map { !$0.approved } ?? false
        entries[name] = Entry(at: now, approved: approved && !counted)
    }

    /// Notes that tasks of a name are stopped now, which may be long after it was let through.
    package mutating func stopped(_ name: WorkloadName, at now: Timestamp) { entries[name]?.at = now }

    package mutating func returned(_ name: WorkloadName) { entries[name]?.returned = true }

    /// What was pruned in the future counts as pruned now: a clock that was set back makes no window longer.
    package mutating func expire(at now: Timestamp, _ limits: GuardLimits) {
        for (name, entry) in entries where entry.at > now { entries[name]?.at = now }
        entries = entries.filter { $0.value.at + limits.window > now }
    }
}
