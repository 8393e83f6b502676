package import CubeErrors
import CubeJSON
package import CubeTypes
import HashTreeCollections

extension ClusterTransaction {
    /// Schedules a task. If a task with the same id exists, it is returned unchanged.
    ///
    /// - Throws: `validation_failed`, `lease_required`, `stale_fence`, `stale_attempt`, `max_live`.
    package mutating func schedule(
        _ request: ScheduleRequest
    ) throws(APIError) -> (task: TaskStatus, created: Bool) {
        try admit(Writer(owner: request.owner, fence: request.fence, pass: request.pass))
        return try schedule(request.task, for: request.owner, maxLive: request.maxLive)
    }

    /// Carries out the operations of a batch, each independently of the others.
    ///
    /// - Throws: Errors that concern the whole batch: `validation_failed`, `lease_required`, `stale_fence`.
    package mutating func batch(_ request: BatchRequest) throws(APIError) -> BatchAnswer {
        guard request.operations.count <= BatchRequest.maximum else {
            throw .invalid([
                ValidationError(
                    field: "operations", value: "\(request.operations.count)",
                    message: "is above \(BatchRequest.maximum)")
            ])
        }
        let problems = request.notes?.problems(at: "notes") ?? []
        if !problems.isEmpty { throw .invalid(problems) }
        try admit(Writer(owner: request.owner, fence: request.fence, pass: request.pass))
        if let notes = request.notes { take(notes, of: request.owner) }
        defer { operation = 0 }
        var prunes = PruneJudgement(of: request, in: state, at: moment, isFull: isFull)
        var results: [BatchResult] = []
        for (position, operation) in request.operations.enumerated() {
            self.operation = position
            do throws(APIError) {
                switch operation {
                case .definition(let definition):
                    guard request.owner == .manual else { throw .ownerOfDefinition(request.owner) }
                    let answer = try schedule(definition, at: DefinitionReview.batchPath)
                    results.append(BatchResult(status: answer.created ? 201 : 200, task: answer.task))
                case .schedule(let proposal, let maxLive):
                    let answer = try schedule(proposal, for: request.owner, maxLive: maxLive)
                    results.append(BatchResult(status: answer.created ? 201 : 200, task: answer.task))
                case .update(let update):
                    results.append(BatchResult(status: 200, task: try self.update(update, for: request.owner)))
                case .stop(let stop):
                    let name = try prunes.admit(stop)
                    results.append(BatchResult(status: 202, task: try self.stop(stop, for: request.owner)))
                    if let name { prunes.accepted.insert(name) }
                }
            } catch {
                results.append(BatchResult(error: error))
            }
        }
        record(prunes)
        return BatchAnswer(revision: revision, results: results)
    }

    /// Changes the settings of a task in place.
    ///
    /// - Throws: `task_not_found`, `forbidden`, `stale_settings`, `validation_failed`, `lease_required`, `stale_fence`.
    package mutating func updateSettings(
        _ update: SettingsUpdate, by writer: Writer
    ) throws(APIError) -> TaskStatus {
        try admit(writer)
        return try self.update(update, for: writer.owner)
    }

    /// Stops a task by its id, whoever owns it, because a person requested the stop.
    ///
    /// - Throws: `task_not_found`.
    package mutating func stop(_ id: TaskID) throws(APIError) -> TaskStatus {
        guard let task = state.records.tasks[id] else { throw .unknown(id) }
        return try stop(task)
    }
}

extension ClusterTransaction {
    private mutating func schedule(
        _ proposal: TaskProposal, for owner: OwnerName, maxLive: Int
    ) throws(APIError) -> (task: TaskStatus, created: Bool) {
        try proposal.validate(
            owner: owner, cluster: state.cluster, fields,
            refusals: review.refusals(of: proposal.definition, in: operation, at: DefinitionReview.proposalPath))
        if let known = state.records.tasks[proposal.id] { return (known.status, false) }
        var proposal = proposal
        if owner == .manual {
            let known = try known(by: proposal.definition, proposal.specDigest, proposal.settingsDigest)
            if let known { return (known.status, false) }
        } else {
            // The reconciler of an adopted task may send back its definition. The `id` in it belongs to the adopted task, not to
            // the new one.
            proposal.definition.id = nil
        }
        return (try accept(proposal, for: owner, maxLive: maxLive, at: DefinitionReview.proposalPath), true)
    }

    /// Accepts a proposal that is valid except for its attempt, the content of its files and the limit of live tasks, which are
    /// checked here.
    ///
    /// - Parameter path: The path of the definition in the request, for error messages.
    mutating func accept(
        _ proposal: TaskProposal, for owner: OwnerName, maxLive: Int, at path: String
    ) throws(APIError) -> TaskStatus {
        try requireRoom()
        let key = SlotKey(owner: owner, name: proposal.name, ordinal: proposal.ordinal)
        var slot = try nextSlot(key, attempt: proposal.attempt)
        let definition = try withContents(proposal.definition, of: key, at: path)
        let live = state.index.live[key.workload] ?? 0
        guard live < maxLive else { throw .tooMany(proposal.name, live: live, maxLive) }
        placePending()
        advance()
        slot.status.next += 1
        slot.status.reject(proposal.rejects, at: revision)
        put(slot)
        noteReturn(of: key.workload)
        var task = TaskRecord(
            id: proposal.id, slot: key, attempt: proposal.attempt, specDigest: proposal.specDigest,
            settingsDigest: proposal.settingsDigest, source: proposal.source, definition: definition,
            dependencies: Set(proposal.dependencies).sorted(),
            declaration: TaskRecord.Declared(
                revision: revision, prune: proposal.prune ?? true, minHealthy: proposal.minHealthy),
            phase: .pending(cause: PendingCause(reason: .noNode, message: "")), createdAt: now, revision: revision)
        place(&task)
        return put(task).status
    }

    /// Returns the definition with the content of its files. A client that sends back an earlier definition may have received it
    /// without the content.
    ///
    /// - Throws: `validation_failed` if no stored task of the slot has the content.
    private func withContents(
        _ definition: TaskDefinition, of slot: SlotKey, at path: String
    ) throws(APIError) -> TaskDefinition {
        func lacksContent(_ definition: TaskDefinition) -> Bool {
            definition.contentSources.contains { $0.secret == nil && $0.content == nil }
        }
        guard lacksContent(definition) else { return definition }
        for id in (state.index.attempts[slot] ?? []).reversed() {
            guard let known = state.records.tasks[id]?.definition, known.specDigest == definition.specDigest,
                !lacksContent(known)
            else { continue }
            var definition = definition
            (definition.envFrom, definition.files) = (known.envFrom, known.files)
            return definition
        }
        throw .invalid([
            ValidationError(field: "files".below(path), value: nil, message: "must include their content")
        ])
    }

    private mutating func update(
        _ update: SettingsUpdate, for owner: OwnerName
    ) throws(APIError) -> TaskStatus {
        var task = try owned(update.id, by: owner)
        let isSameSource = task.source.map(ExactText.init) == update.source.map(ExactText.init)
        if task.settingsDigest == update.to, isSameSource { return task.status }
        try requireRoom()
        guard task.settingsDigest == update.from || task.settingsDigest == update.to else {
            throw APIError(
                .staleSettings,
                "task \(task.id): the settings digest is \(task.settingsDigest), not \(update.from)")
        }
        guard !task.phase.hasEnded else {
            throw APIError(.illegalTransition, "task \(task.id) is \(task.phase.state), so its settings cannot change")
        }
        guard fields.specDigest(of: update.definition) == fields.specDigest(of: task.definition),
            update.definition.name == task.slot.name
        else {
            throw .invalid([
                ValidationError(
                    field: "definition", value: nil, message: "changes fields that cannot change in place")
            ])
        }
        let problems =
            update.definition.problems(at: "definition")
            + [
                update.definition.problem(ofSettings: update.to, field: "to", fields),
                TextBounds.error("source", update.source, limit: TextBounds.address),
            ].compactMap(\.self)
        if !problems.isEmpty { throw .invalid(problems) }
        advance()
        noteReturn(of: task.slot.workload)
        task.settingsDigest = update.to
        task.source = update.source
        task.definition = fields.definition(task.definition, withSettingsOf: update.definition)
        if case .pending = task.phase { place(&task) }
        return put(task).status
    }

    /// Stops a task of a slot. A task that is not known yet is recorded as stopped, so that it never starts.
    private mutating func stop(_ request: StopRequest, for owner: OwnerName) throws(APIError) -> TaskStatus {
        if state.records.tasks[request.id] != nil {
            let task = try owned(request.id, by: owner)
            if let rejected = request.rejects { reject(rejected, in: task.slot) }
            return try stop(task)
        }
        try requireRoom()
        let key = SlotKey(owner: owner, name: request.name, ordinal: request.ordinal)
        if let error = key.error(field: "stop.ordinal") { throw .invalid([error]) }
        var slot = try nextSlot(key, attempt: request.attempt)
        advance()
        slot.status.next += 1
        put(slot)
        let end = TaskEnd(outcome: .stopped, reason: .stoppedBeforeStart, at: now)
        // The definition of the task is unknown, except for the name.
        let definition = TaskDefinition(name: request.name)
        let task = TaskRecord(
            id: request.id, slot: key, attempt: request.attempt, specDigest: definition.specDigest,
            settingsDigest: definition.settingsDigest, source: nil, definition: definition, phase: .ended(end: end),
            createdAt: now, revision: revision)
        return put(task).status
    }

    private mutating func stop(_ task: TaskRecord) throws(APIError) -> TaskStatus {
        var task = task
        switch task.phase {
        case .stopping, .ended: return task.status
        case .pending:
            try task.phase.move(
                to: .ended(end: TaskEnd(outcome: .stopped, reason: .stoppedBeforeStart, at: now)))
        case .scheduled(let placement), .running(let placement):
            try task.phase.move(to: .stopping(placement: placement))
        }
        task.health = .unready
        advance()
        return put(task).status
    }

    /// Records that a rollout gave up a digest, unless this is already recorded.
    private mutating func reject(_ digest: Digest, in key: SlotKey) {
        var slot = slot(key)
        guard slot.status.rejected != [digest] else { return }
        advance()
        slot.status.reject(digest, at: revision)
        put(slot)
    }

    private func owned(_ id: TaskID, by owner: OwnerName) throws(APIError) -> TaskRecord {
        guard let task = state.records.tasks[id] else { throw .unknown(id) }
        guard task.slot.owner == owner else {
            throw APIError(.forbidden, "task \(id) belongs to owner \(task.slot.owner), not to \(owner)")
        }
        return task
    }

    /// Returns a slot if `attempt` is its next attempt.
    ///
    /// - Throws: `stale_attempt` if it is not.
    private func nextSlot(_ key: SlotKey, attempt: Int) throws(APIError) -> SlotRecord {
        let slot = slot(key)
        guard attempt == slot.status.next else {
            throw APIError(
                .staleAttempt,
                "\(key.name)/\(key.ordinal): attempt \(attempt) is not the next attempt (\(slot.status.next))",
                details: ["next": "\(slot.status.next)"])
        }
        return slot
    }
}

extension SlotKey {
    /// The highest ordinal. It follows from the upper bound of `replicas`.
    package static let lastOrdinal = 9_999

    /// Returns the error for an ordinal out of range; `nil` if the ordinal is valid.
    fileprivate func error(field: String) -> ValidationError? {
        guard !(0...Self.lastOrdinal).contains(ordinal) else { return nil }
        return ValidationError(field: field, value: "\(ordinal)", message: "must be from 0 to \(Self.lastOrdinal)")
    }
}

extension TaskProposal {
    fileprivate func validate(
        owner: OwnerName, cluster: ClusterID, _ fields: ManifestFields, refusals: [ValidationError]
    ) throws(APIError) {
        var errors: [ValidationError] = []
        if let error = SlotKey(owner: owner, name: name, ordinal: ordinal).error(field: "task.ordinal") {
            errors.append(error)
        }
        if definition.name != name {
            errors.append(
                ValidationError(
                    field: "task.definition.name", value: "\(definition.name)", message: "must be \(name)"))
        }
        errors += refusals
        if refusals.isEmpty,
            let error = definition.problem(ofSettings: settingsDigest, field: "task.settings_digest", fields)
        {
            errors.append(error)
        }
        if let error = TextBounds.error("task.source", source, limit: TextBounds.address) { errors.append(error) }
        let derived = TaskID.derive(
            cluster: cluster, owner: owner, name: name, ordinal: ordinal, attempt: attempt, digest: specDigest)
        if id != derived {
            errors.append(
                ValidationError(
                    field: "task.id", value: "\(id)",
                    message: "must be \(derived), the id derived from cluster, owner, name, ordinal, attempt and digest"
                ))
        }
        if !errors.isEmpty { throw .invalid(errors) }
    }
}

extension APIError {
    static func unknown(_ id: TaskID) -> APIError { APIError(.taskNotFound, "task \(id): not found") }

    static func tooMany(_ name: WorkloadName, live: Int, _ maxLive: Int) -> APIError {
        APIError(
            .maxLive,
            "\(name) has \(Count(live, "live task")), and at most \(maxLive) \(maxLive == 1 ? "is" : "are") permitted",
            details: ["live": "\(live)", "max_live": "\(maxLive)"])
    }
}
