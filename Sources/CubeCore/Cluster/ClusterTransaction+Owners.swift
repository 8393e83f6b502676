package import CubeErrors
package import CubeTypes
import HashTreeCollections

extension ClusterTransaction {
    /// Acquires, renews or releases the lease of an owner. A renewal stores nothing unless it changes the limits.
    ///
    /// - Returns: the owner as in ``ClusterState/leaseStatus(of:)``.
    /// - Throws: `owner_taken` if the owner is bound to another source; `lease_held` if another holder of the same source has the
    ///   lease; `stale_fence` if the fence is not that of the current lease; `validation_failed` for the owner `manual`, which has
    ///   no lease.
    package mutating func lease(_ name: OwnerName, _ request: LeaseRequest) throws(APIError) -> OwnerStatus {
        guard name != .manual else {
            throw .invalid([ValidationError(field: "owner", value: "\(name)", message: "needs no lease")])
        }
        let problems = request.problems
        if !problems.isEmpty { throw .invalid(problems) }
        let known = state.records.owners[name]
        if let source = known?.source, source != request.source {
            throw APIError(
                .ownerTaken,
                "owner \(name) is bound to source \(source), not to \(request.source)",
                details: ["source": "\(source)"])
        }
        guard let fence = request.fence else {
            if request.release { return state.leaseStatus(of: try owner(name)) }
            try Self.check(id: request.id)
            if let known, let grant = known.grant, grant.fence != request.succeeds, let live = state.leases[name],
                live.isLive(at: moment)
            {
                // The sender already holds the lease, but the response was lost.
                if let id = request.id, id == grant.id { return renew(known, for: request) }
                throw APIError(
                    .leaseHeld, "owner \(name): \(grant.holder) holds its lease",
                    details: ["holder": grant.holder, "expires_at": "\(live.expiresAt)"])
            }
            try requireRoom()
            return grant(known ?? OwnerRecord(name: name, source: nil, revision: 0), to: request)
        }
        var owner = try owner(name)
        // The lease was already released, but the response was lost.
        if request.release, owner.grant == nil, owner.fence == fence { return state.leaseStatus(of: owner) }
        guard owner.grant?.fence == fence else {
            let holder = owner.grant.map { "; \($0.holder) holds the lease now" } ?? ""
            throw APIError(.staleFence, "owner \(name): the lease with fence \(fence) has ended\(holder)")
        }
        if request.release {
            try requireRoom()
            owner.grant = nil
            state.leases[name] = nil
            let changed = change(owner)
            emit(.leaseReleased, owner: name, message: request.holder)
            return state.leaseStatus(of: changed)
        }
        return renew(owner, for: request)
    }

    /// Carries out a person's directive to an owner, or keeps it for the holder of the lease.
    ///
    /// - Throws: `owner_not_found`, `hold_not_found`, `conflict` if the hold is too large to approve, `validation_failed`,
    ///   `too_many_requests`.
    package mutating func direct(_ name: OwnerName, _ directive: Directive) throws(APIError) -> OwnerStatus {
        let problems = directive.problems(at: now)
        if !problems.isEmpty { throw .invalid(problems) }
        if directive.verb == .claim { return try claim(name, for: directive) }
        var owner = try owner(name)
        try Self.check(id: directive.id)
        if let id = directive.id, owner.directives.contains(where: { $0.id == id }) { return state.status(of: owner) }
        try requireRoom()
        var directive = directive
        directive.at = now
        directive.approves = nil
        switch directive.verb {
        case .approve:
            let hold = try hold(of: owner, startingWith: directive.subject)
            if let count = hold.count {
                throw APIError(
                    .conflict,
                    "owner \(name): the hold has \(count.grouped) changes, and an approval covers at most "
                        + "\(Hold.maximumChanges.grouped); make the change in smaller steps")
            }
            directive.subject = hold.digest.rawValue
            directive.approves = hold
            directive.expiresAt = now + Self.approvalLength
        case .retry, .restart, .suspend:
            directive.subject = try WorkloadName(checking: directive.subject, field: "subject").rawValue
        case .look: directive.subject = try SourceID(checking: directive.subject, field: "subject").rawValue
        case .resume:
            let suspended = Directive(verb: .suspend, subject: directive.subject).name
            guard owner.directives.contains(where: { $0.name == suspended }) else { return state.status(of: owner) }
            owner.directives.removeAll { $0.name == suspended }
            let changed = change(owner, emitting: directive)
            return state.status(of: changed)
        default:
            throw .invalid([
                ValidationError(
                    field: "verb", value: directive.verb.rawValue.shortened(to: 80), message: "is unknown")
            ])
        }
        guard owner.directives.count < OwnerRecord.directiveLimit else {
            throw APIError(
                .tooManyRequests, "owner \(name) already has \(owner.directives.count) directives, which is the limit")
        }
        directive.revision = revision + 1
        owner.keep(directive)
        if directive.verb == .approve {
            owner.approvals[directive.name] = DurableDeadline(Self.approvalLength, from: moment)
        }
        let changed = change(owner, emitting: directive)
        return state.status(of: changed)
    }

    /// Forgets an owner with its slots and its ended tasks.
    ///
    /// - Throws: `owner_not_found`; `lease_held` if a reconciler holds the lease; `conflict` if a task has not ended.
    package mutating func forget(_ name: OwnerName) throws(APIError) {
        let slots = state.index.slots[name] ?? []
        if slots.isEmpty { _ = try owner(name) }
        if let grant = state.records.owners[name]?.grant, let live = state.leases[name], live.isLive(at: moment) {
            throw APIError(.leaseHeld, "owner \(name): \(grant.holder) holds its lease until \(live.expiresAt)")
        }
        let live = state.liveCount(of: name)
        guard live == 0 else {
            throw APIError(.conflict, "owner \(name): " + Count(live, "task").verb("has", "have") + " not ended")
        }
        try requireRoom()
        advance()
        for slot in slots {
            for id in state.index.attempts[slot] ?? [] {
                if let task = state.records.tasks[id] { remove(task) }
            }
            remove(slot)
        }
        removeOwner(name)
        emit(.ownerForgotten, owner: name, message: nil)
    }

    /// The time for which an approval is valid.
    static let approvalLength: Duration = .seconds(3600)
}

extension ClusterTransaction {
    private static func check(id: String?) throws(APIError) {
        if let error = TextBounds.error("id", id, limit: TextBounds.requestID) { throw .invalid([error]) }
    }

    private mutating func renew(_ owner: OwnerRecord, for request: LeaseRequest) -> OwnerStatus {
        state.leases[owner.name] = ClusterState.LiveLease(from: moment, holds: request.holds)
        // On a full disk, the renewal succeeds, but the limits stay as they are.
        guard let limits = request.limits, limits != owner.limits, !isFull else { return state.leaseStatus(of: owner) }
        var owner = owner
        owner.limits = limits
        let changed = change(owner)
        emit(
            .limitsChanged, owner: owner.name,
            message: "\(limits.count) names or \(limits.percent) % in \(limits.window.text)")
        return state.leaseStatus(of: changed)
    }

    private mutating func grant(_ owner: OwnerRecord, to request: LeaseRequest) -> OwnerStatus {
        var owner = owner
        if owner.source != request.source { owner.claimedRevision = revision + 1 }
        owner.source = request.source
        owner.fence = nextFence()
        owner.pass = 0
        owner.limits = request.limits ?? owner.limits
        owner.grant = OwnerRecord.Grant(
            holder: request.holder, source: request.source, fence: owner.fence, id: request.id)
        state.leases[owner.name] = ClusterState.LiveLease(from: moment, holds: request.holds)
        let changed = change(owner)
        emit(.leaseTaken, owner: owner.name, message: request.holder)
        return state.leaseStatus(of: changed)
    }

    private mutating func claim(_ name: OwnerName, for directive: Directive) throws(APIError) -> OwnerStatus {
        let source = try SourceID(checking: directive.subject, field: "subject")
        var owner = state.records.owners[name] ?? OwnerRecord(name: name, source: nil, revision: 0)
        if owner.source == source { return state.status(of: owner) }
        try requireRoom()
        owner.source = source
        owner.claimedRevision = revision + 1
        // The new source reads another directory, in which no names have been seen yet.
        owner.root = nil
        // What the former source was allowed to prune, the new one is not.
        owner.window.returnAll(revision: revision + 1)
        owner.grant = nil
        state.leases[name] = nil
        let changed = change(owner, emitting: directive)
        return state.status(of: changed)
    }

    private mutating func change(_ owner: OwnerRecord, emitting directive: Directive? = nil) -> OwnerRecord {
        var owner = owner
        advance()
        owner.revision = revision
        put(owner)
        if let directive {
            let reason = directive.reason.map { ": \($0)" } ?? ""
            emit(.directiveGiven, owner: owner.name, message: "\(directive.verb) \(directive.subject)\(reason)")
        }
        return owner
    }

    private func owner(_ name: OwnerName) throws(APIError) -> OwnerRecord {
        guard let owner = state.records.owners[name] else {
            throw APIError(.ownerNotFound, "owner \(name): not found")
        }
        return owner
    }

    /// Returns the hold with a digest, which is given in full or as the first of its hexadecimal digits.
    private func hold(of owner: OwnerRecord, startingWith text: String) throws(APIError) -> Hold {
        let found = (state.leases[owner.name]?.holds ?? []).filter {
            !text.isEmpty && ($0.digest.rawValue == text || $0.digest.hexadecimal.hasPrefix(text))
        }
        guard let hold = found.first else {
            throw APIError(.holdNotFound, "owner \(owner.name): no held changes have the digest \(text)")
        }
        guard found.count == 1 else {
            throw .invalid([
                ValidationError(
                    field: "subject", value: text.shortened(to: 80),
                    message: "is the start of \(found.count) digests; use a longer prefix")
            ])
        }
        return hold
    }
}
