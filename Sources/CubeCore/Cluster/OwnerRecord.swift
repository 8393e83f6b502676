package import CubeTypes

/// The manager's record of an owner.
package struct OwnerRecord: Hashable, Codable, Sendable {
    package let name: OwnerName
    package var source: SourceID?
    /// The last granted lease, whose holder may write until the lease ends; `nil` after a release or a claim.
    /// ``ClusterState/LiveLease`` contains the end of the lease.
    package var grant: Grant?
    /// The highest pass that was accepted under the current fence.
    package var pass = 0
    /// The highest fence that was issued for this owner.
    package var fence = 0
    /// The directives, sorted by name.
    package var directives: [Directive] = []
    /// The end of each approval, by the name of its directive.
    package var approvals: [String: DurableDeadline] = [:]
    /// How many names may be pruned without an approval; `nil` until a holder of the lease sets limits.
    package var limits: GuardLimits?
    /// The names that were pruned recently.
    package var window = GuardWindow()
    /// The directory from which the manifests were read when the source last saw all names. The manager only stores it, and decides
    /// nothing by it.
    package var root: SourceRoot?
    /// The revision at which the owner was bound to its source. Earlier declarations belong to another source.
    package var claimedRevision = 0
    package var revision: Int

    package struct Grant: Hashable, Codable, Sendable {
        package var holder: String
        package var source: SourceID
        package var fence: Int
        /// The idempotency key of the request that acquired the lease.
        package var id: String?
    }

    package init(name: OwnerName, source: SourceID?, revision: Int) {
        self.name = name
        self.source = source
        self.revision = revision
    }

    /// Whether a directive has expired: an approval by its deadline, any other directive by its `expiresAt` on the wall clock.
    func hasExpired(_ directive: Directive, at moment: DurableInstant) -> Bool {
        untilExpiry(of: directive, at: moment) == .zero
    }

    /// The time until a directive expires; `nil` if it does not.
    func untilExpiry(of directive: Directive, at moment: DurableInstant) -> Duration? {
        if let end = approvals[directive.name] { return end.remaining(at: moment) }
        return directive.expiresAt.map { max($0 - moment.wall, .zero) }
    }

    /// The limits that apply: the defaults, until a holder of the lease sets others.
    var guardLimits: GuardLimits { limits ?? GuardLimits() }

    /// The maximum number of directives of an owner.
    static let directiveLimit = 10_000

    /// Inserts a directive in the order of names, or replaces the directive of the same name.
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
    /// Decodes a record. If an older version of Cube did not store a field, the field is empty: no approvals, default limits, no
    /// recently pruned names, no root.
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
