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
        /// The manager's revision at which the entry last changed; 0 in the planner's window.
        package var revision: Int

        package init(at: DurableInstant, approved: Bool, returned: Bool = false, revision: Int = 0) {
            self.at = at
            self.approved = approved
            self.returned = returned
            self.revision = revision
        }
    }

    /// A persistent dictionary: a transaction that changes one of 100,000 entries of a committed window copies none of the others.
    package private(set) var entries: TreeDictionary<WorkloadName, Entry>

    /// The manager's revision at which an entry was last removed; 0 in the planner's window.
    private var removedRevision = 0

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
    /// - Parameters:
    ///   - approved: whether an approval covers the stop. A name that already counts against the limits continues to count.
    ///   - revision: the revision at which the change takes effect, here and in the methods below.
    package mutating func prune(_ name: WorkloadName, at moment: DurableInstant, approved: Bool, revision: Int) {
        if hasReleased(name) {
            entries[name]?.at = moment
            entries[name]?.revision = revision
        } else {
            let counted = entries[name].map { !$0.approved } ?? false
            entries[name] = Entry(at: moment, approved: approved && !counted, revision: revision)
        }
    }

    /// Records that a name is declared again.
    package mutating func returned(_ name: WorkloadName, revision: Int) {
        entries[name]?.returned = true
        entries[name]?.revision = revision
    }

    /// Ends the permission of all entries. They still count.
    package mutating func returnAll(revision: Int) { for name in entries.keys { returned(name, revision: revision) } }

    /// Removes the entries that are older than the window. An entry in the future is moved to the present, so a wall clock that
    /// was set back between two boots does not lengthen the window.
    package mutating func expire(at moment: DurableInstant, _ limits: GuardLimits, revision: Int) {
        for (name, entry) in entries where entry.at.isLater(than: moment) {
            entries[name]?.at = moment
            entries[name]?.revision = revision
        }
        let kept = entries.filter { moment.since($0.value.at) < limits.window }
        if kept.count < entries.count { removedRevision = revision }
        entries = kept
    }

    /// Returns the time until ``expire(at:_:revision:)`` would change something; `nil` if there are no entries.
    package func untilDue(at moment: DurableInstant, _ limits: GuardLimits) -> Duration? {
        entries.values.lazy.map { entry in
            entry.at.isLater(than: moment)
                ? .zero : DurableDeadline(limits.window, from: entry.at).remaining(at: moment)
        }.min()
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
    package var pruned: [PrunedName] { Self.pruned(entries) }

    /// Returns the entries that changed after a revision, sorted by name; `nil` if an entry was removed since.
    func pruned(since revision: Int) -> [PrunedName]? {
        removedRevision > revision ? nil : Self.pruned(entries.filter { $0.value.revision > revision })
    }

    /// Adds the entries that changed, as in ``pruned(since:)``.
    mutating func merge(_ changed: [PrunedName]) { entries.merge(GuardWindow(changed).entries) { $1 } }

    private static func pruned(_ entries: TreeDictionary<WorkloadName, Entry>) -> [PrunedName] {
        entries.sorted { $0.key < $1.key }.map { name, entry in
            PrunedName(name: name, at: entry.at.wall, approved: entry.approved, returned: entry.returned)
        }
    }
}

// MARK: - Stored form

// An older version of Cube stored no revisions. They are 0 then, which no client misses: it lists everything after a restart of the
// manager.

extension GuardWindow {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        entries = try container.decode(TreeDictionary<WorkloadName, Entry>.self, forKey: .entries)
        removedRevision = try container.decodeIfPresent(Int.self, forKey: .removedRevision) ?? 0
    }
}

extension GuardWindow.Entry {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            at: try container.decode(DurableInstant.self, forKey: .at),
            approved: try container.decode(Bool.self, forKey: .approved),
            returned: try container.decode(Bool.self, forKey: .returned),
            revision: try container.decodeIfPresent(Int.self, forKey: .revision) ?? 0)
    }
}
