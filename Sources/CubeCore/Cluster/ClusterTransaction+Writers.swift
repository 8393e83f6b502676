import CubeErrors
package import CubeTypes
import HashTreeCollections

/// The author of a write for an owner: the holder of the owner's lease, in one of its passes.
package struct Writer: Hashable, Sendable {
    package var owner: OwnerName
    package var fence: Int
    package var pass: Int

    package init(owner: OwnerName, fence: Int, pass: Int) {
        self.owner = owner
        self.fence = fence
        self.pass = pass
    }
}

extension ClusterTransaction {
    /// Checks that a writer may write now, and records its pass.
    ///
    /// - Throws: `lease_required`, `stale_fence`; `validation_failed` if the pass is out of range.
    mutating func admit(_ writer: Writer) throws(APIError) {
        guard writer.owner != .manual else { return }
        guard Counter.isPlausible(writer.pass) else {
            throw .invalid([
                ValidationError(
                    field: "pass", value: "\(writer.pass)", message: "must be from 0 to \(Counter.limit - 1)")
            ])
        }
        guard var owner = state.records.owners[writer.owner] else {
            throw APIError(.leaseRequired, "owner \(writer.owner): nobody holds its lease")
        }
        guard writer.fence >= owner.fence else {
            throw APIError(
                .staleFence,
                "owner \(writer.owner): fence \(writer.fence) is outdated; the latest fence is \(owner.fence)")
        }
        guard let grant = owner.grant, grant.fence == writer.fence, let live = state.leases[writer.owner] else {
            throw APIError(.leaseRequired, "owner \(writer.owner): no lease has fence \(writer.fence)")
        }
        guard live.isLive(at: moment) else {
            throw APIError(.leaseRequired, "owner \(writer.owner): the lease expired at \(live.expiresAt); renew it")
        }
        guard writer.pass >= owner.pass else {
            throw APIError(
                .staleFence,
                "owner \(writer.owner): pass \(writer.pass) is outdated; pass \(owner.pass) has written since")
        }
        guard writer.pass > owner.pass else { return }
        owner.pass = writer.pass
        put(owner)
    }
}
