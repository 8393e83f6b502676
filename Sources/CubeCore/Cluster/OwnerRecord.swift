package import CubeTypes

/// An owner, as the manager keeps it.
package struct OwnerRecord: Hashable, Codable, Sendable {
    package let name: OwnerName
    package var source: SourceID?
    /// Who may write; how long it may is a matter of ``ClusterState/LiveLease``.
    package var grant: Grant?
    /// The highest pass that was accepted under the present fence.
    package var pass = 0
    /// The highest fence that was given.
    package var fence = 0
    /// By name.
    package var directives: [Directive] = []
    /// When each approval ends, by the name of its directive.
    package var approvals: [String: DurableDeadline] = [:]
    /// How many names may be pruned without an approval; `nil` until the holder of a lease says so.
    package var limits: GuardLimits?
    /// The names that were pruned lately.
    package var window = GuardWindow()
    /// The directory that the manifests were read from when all names were seen in it. Nothing here compares it.
    package var root: SourceRoot?
    /// When it was bound to its source: what was declared before that is another source's.
    package var claimedRevision = 0
    package var revision: Int

    package struct Grant: Hashable, Codable, Sendable {
        package var holder: String
        package var source: SourceID
        package var fence: Int
        /// What its holder called the request that took it.
        package var id: String?
    }

    package init(name: OwnerName, source: SourceID?, revision: Int) {
        self.name = name
        self.source = source
        self.revision = revision
    }

    /// Whether a directive counts no more: an approval after its time, another one when the wall clock shows what a person said.
    func hasExpired(_ directive: Directive, at moment: DurableInstant) -> Bool {
        if let end = approvals[directive.name] { return end.hasPassed(at: moment) }
        return directive.expiresAt.map { $0 <= moment.wall } ?? false
    }

    /// The limits that hold: the usual ones until the holder of a lease says otherwise.
    var guardLimits: GuardLimits { limits ?? GuardLimits() }

    /// How many directives an owner may have at a time.
    static let directiveLimit = 10_000

    /// Puts a directive in its place, instead of one of the same name.
    mutating func keep(_ directive: Directive) {
        let place = directives.firstIndex { $0.name >= directive.name } ?? directives.endIndex
        if place < directives.endIndex, directives[place].name == directive.name {
            directives[place] = directive
        } else {
            directives.insert(directive, at: place)
        }
    }
}

extension OwnerRecord {
    /// What an older version did not store is empty: no approval, the usual limits, nothing pruned lately, no root.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(OwnerName.self, forKey: .name),
            source: try container.decodeIfPresent(SourceID.self, forKey: .source),
            revision: try container.decode(Int.self, forKey: .revision))
        grant = try container.decodeIfPresent(Grant.self, forKey: .grant)
        pass = try container.decode(Int.self, forKey: .pass)
        fence = try container.decode(Int.self, forKey: .fence)
        directives = try container.decode([Directive].self, forKey: .directives)
        approvals = try container.decodeIfPresent([String: DurableDeadline].self, forKey: .approvals) ?? [:]
        limits = try container.decodeIfPresent(GuardLimits.self, forKey: .limits)
        window = try container.decodeIfPresent(GuardWindow.self, forKey: .window) ?? GuardWindow()
        root = try container.decodeIfPresent(SourceRoot.self, forKey: .root)
        claimedRevision = try container.decodeIfPresent(Int.self, forKey: .claimedRevision) ?? 0
    }
}
