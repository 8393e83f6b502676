import CubeErrors
import CubeJSON
import CubeTesting
import CubeTransport
import CubeTypes
import FoundationEssentials
import Testing

@testable import CubeServer

/// Tests how this version reads the responses of a newer version. The tests change values according to their schemas,
/// at every path of every type.
@Suite struct `Responses of a newer version` {
    private let components: JSON

    init() throws { components = try SchemaTests().components }

    /// The types that occur only in requests.
    static let requests: [any DescribedObject.Type] = [
        AdoptRequest.self, BatchRequest.self, LeaseRequest.self, ScheduleRequest.self, SettingsUpdate.self,
        SourceNotes.self, Declaration.self, WithdrawnSlot.self, StopRequest.self, TaskAssignment.self,
        TaskProposal.self, TaskSettings.self, UpdateRequest.self, WorkerBatch.self, ViewPosition.self, ExecRequest.self,
        ExecInput.self,
        TerminalSize.self, CertificateOrder.self, DrainRequest.self, TokenRequest.self,
    ]

    static let answers = SchemaTests.objects.filter { type in
        type != Health.self && !requests.contains { $0 == type }
    }

    /// Every change of a complete value of a type, several times.
    private func eachMutation<Value: Described & Codable>(
        of type: Value.Type, _ body: (_ whole: JSON, SchemaMutator.Mutation) throws -> Void
    ) throws {
        var random = SeededGenerator()
        let schema = try JSON(Value.schema.json)
        let sampler = SchemaSampler(components: components, isFull: true)
        for _ in 0..<2 {
            let sample = try sampler.sample(schema, using: &random)
            let root = try schema["$ref"].map(sampler.component) ?? schema
            for mutation in SchemaMutator.mutations(of: sample, root) { try body(sample, mutation) }
        }
    }

    // MARK: Responses

    /// The paths at which a change loses more than the value at the path, and these changes.
    private func losses<Value: Described & Codable>(
        of type: Value.Type, lenient isLenient: Bool
    ) throws -> [String: Set<String>] {
        var losses: [String: Set<String>] = [:]
        func read(_ json: JSON) throws -> JSON {
            let bytes = Array(json.text.utf8)
            return try JSON(
                encoding: isLenient
                    ? JSONBytesDecoder.answer(Value.self, from: bytes)
                    : JSONBytesDecoder.value(Value.self, from: bytes))
        }
        try eachMutation(of: type) { whole, mutation in
            let loss = (mutation.loss.isEmpty ? mutation.steps : mutation.loss)[...]
            let remainder = try read(whole).removing(loss)
            // What is left may have its default value, which is not written.
            let expected = [remainder.withoutEmptiness, (try? read(remainder).withoutEmptiness) ?? .null]
            let isKept: Bool
            do {
                let result = try read(mutation.value)
                isKept = [result, result.removing(loss)].contains { expected.contains($0.withoutEmptiness) }
            } catch {
                isKept = false
            }
            if !isKept { losses["\(type).\(mutation.place)", default: []].insert(mutation.change) }
        }
        return losses
    }

    private func allLosses(lenient isLenient: Bool) async throws -> [String: Set<String>] {
        var all = try losses(of: TaskDefinition.self, lenient: isLenient)
        for type in Self.answers {
            // Lets the tests proceed that wait.
            await Task.yield()
            try all.merge(losses(of: type, lenient: isLenient)) { $1 }
        }
        return all
    }

    /// The paths whose unreadable value makes the whole object unreadable, and the reasons.
    private static let fatal: [String: String] = [
        "It identifies the object.": """
        APIError.code APIError.message APIError.reason ClusterStatus.cluster ClusterStatus.version Directive.subject
        Directive.verb Hold.digest Hold.guard Lease.holder Lease.source NodeInfo.name NodeInfo.url NodeInfo.version
        OwnerStatus.owner ServiceEndpoint.address ServiceEndpoint.name ServiceEndpoint.ordinal ServiceEndpoint.owner
        ServiceEndpoint.port ServiceEndpoint.protocol ServiceEndpoint.task TaskDefinition.name TaskEndpoint.address
        NodeDrain.node DrainedTask.id DrainedTask.name DrainedTask.ordinal DrainedTask.owner
        VolumeInfo.created_at VolumeInfo.name VolumeInfo.node
        VolumeInfo.owner VolumeInfo.state TokenInfo.created_at TokenInfo.created_by TokenInfo.name
        TaskEndpoint.name TaskEndpoint.protocol TaskEvent.kind TaskList.cluster TaskMetrics.id TaskMetrics.name TaskMetrics.ordinal TaskMetrics.owner TaskStatus.attempt
        TaskSummary.attempt TaskSummary.id TaskSummary.ordinal WorkerStatus.id
        TaskStatus.id TaskStatus.name TaskStatus.ordinal TaskStatus.owner ValidationError.field
        ValidationError.message VersionInfo.api VersionInfo.version WorkerInfo.boot_id WorkerInfo.incarnation
        WorkerInfo.name WorkerInfo.url WorkerInfo.version WorkerStatus.name WorkerTask.id WorkerTask.placement
        WorkerTaskList.incarnation WorkerWelcome.cluster IssuedCertificate.authority IssuedCertificate.certificate
        IssuedCertificate.cluster ManagerAuthority.certificate
        """,
        "It orders responses, or controls write access.": """
        BatchAnswer.revision ClusterMetrics.revision ClusterMetrics.term ClusterStatus.revision ClusterStatus.term
        EndpointList.revision EventList.revision NodeDrain.revision Lease.expires_at Lease.fence NodeInfo.revision NodeList.revision
        OwnerList.revision VolumeInfo.revision VolumeList.revision TokenList.revision OwnerStatus.fence OwnerStatus.revision TaskChanges.revision TaskChanges.term
        TaskEvent.at TaskEvent.revision TaskList.revision TaskList.term TaskStatus.created_at
        TaskMetrics.run TaskStatus.created_revision TaskStatus.placement TaskStatus.revision TaskStatus.run WorkerMetrics.at
        WorkerStatus.started_at WorkerStatus.term WorkerTask.run WorkerTaskList.complete WorkerTaskList.sequence
        WorkerStatus.last_seen_at WorkerTaskList.receipt WorkerWelcome.term TaskResult.at
        """,
        "A program starts, keeps or stops tasks depending on it.": """
        TaskDefinition.exclusive AllowedMount.path AllowedMount.read_only BatchResult.error BatchResult.status BatchResult.task WorkerResult.error WorkerResult.status WorkerResult.task GuardLimits.count GuardLimits.percent GuardLimits.window
        OwnerStatus.claimed_revision OwnerStatus.limits OwnerStatus.root OwnerStatus.pruned_since PrunedName.approved PrunedName.at PrunedName.name PrunedName.returned HeldChange.from Hold.count HeldChange.name HeldChange.ordinal
        HeldChange.to HeldChange.verb NodeDrain.done NodeDrain.draining NodeDrain.state DrainedTask.state DrainedTask.step
        TaskEviction.due TaskStatus.eviction NodeInfo.state SlotStatus.ended_revision SlotStatus.healthy_attempt
        SlotStatus.healthy_digest SlotStatus.last SlotStatus.last_digest SlotStatus.name SlotStatus.next
        SlotStatus.ordinal SlotStatus.rejected_revision SlotStatus.withdrawn_revision SourceRoot.directory
        TaskStatus.declared_revision TaskStatus.prune TaskStatus.min_healthy TaskChanges.owner TaskList.cursor TaskList.digest_key
        TaskList.owner TaskResult.oom TaskStatus.definition TaskStatus.desired TaskStatus.node_unknown
        TaskStatus.ready TaskStatus.restarts TaskStatus.settings_digest TaskStatus.source TaskStatus.spec_digest
        TaskStatus.state TaskSummary.ready TaskSummary.restarts TaskSummary.state WorkerStatus.state WorkerTask.ready WorkerTask.restarts WorkerTask.settings_digest
        WorkerTask.state TokenInfo.expires_at TokenInfo.role TokenInfo.state
        """,
        "Elements that are missing from the list count as removed, so no element may be lost.": """
        BatchAnswer.results BatchAnswer.results[] WorkerBatchAnswer.results WorkerBatchAnswer.results[] ClusterStatus.owners ClusterStatus.owners[] EventList.events
        EventList.events[] Hold.changes Hold.changes[] NodeDrain.tasks NodeDrain.tasks[] NodeList.nodes NodeList.nodes[] OwnerList.owners
        OwnerList.owners[] OwnerStatus.directives OwnerStatus.directives[] OwnerStatus.holds OwnerStatus.holds[]
        OwnerStatus.pruned OwnerStatus.pruned[] SourceRoot.mounts SourceRoot.mounts[] TaskStatus.depends_on
        TaskStatus.depends_on[]
        SlotStatus.completed SlotStatus.completed[] SlotStatus.rejected SlotStatus.rejected[] TaskChanges.changed
        TaskChanges.changed[] TaskChanges.removed TaskChanges.removed[] TaskChanges.slots TaskChanges.slots[]
        TaskList.slots TaskList.slots[] TaskList.tasks TaskList.tasks[] WorkerStatus.tasks WorkerStatus.tasks[]
        VolumeList.volumes VolumeList.volumes[] TokenList.tokens TokenList.tokens[] WorkerTaskList.removed
        WorkerTaskList.removed[] WorkerTaskList.tasks WorkerTaskList.tasks[] WorkerTaskList.volumes
        WorkerTaskList.volumes[] VolumeKey.name VolumeKey.owner
        """,
        "It is a number, a size or a list in every version of the API, and its type cannot change.":
            """
        ExecChunk.data ExecChunk.stream ExecEnd.code ExecOutput.chunks ExecOutput.chunks[] ExecOutput.end ExecOutput.next
        ExecReceipt.received ExecSession.id ExecSession.task
        ClusterMetrics.capacity_disk_bytes ClusterMetrics.capacity_memory_bytes ClusterMetrics.capacity_millicores
        ClusterMetrics.nodes ClusterMetrics.owners ClusterMetrics.reserved_disk_bytes ClusterMetrics.reserved_memory_bytes
        ClusterMetrics.reserved_millicores ClusterMetrics.tasks ClusterStatus.capacity ClusterStatus.managers
        ClusterStatus.nodes ClusterStatus.policy ClusterStatus.reserved ClusterStatus.tasks EndpointList.endpoints NodeInfo.capacity NodeInfo.labels NodeInfo.reserved
        NodeInfo.runtimes NodeInfo.tasks TaskMetrics.cpu_seconds TaskMetrics.disk_read_bytes TaskMetrics.disk_written_bytes
        TaskMetrics.memory_bytes TaskMetrics.memory_limit_bytes TaskMetrics.network_received_bytes
        TaskMetrics.network_sent_bytes TaskMetrics.processes
        TaskStatus.not_enforced WorkerInfo.capacity WorkerInfo.labels WorkerInfo.runtimes WorkerMetrics.cores
        WorkerMetrics.cpu_seconds WorkerMetrics.disk_available_bytes WorkerMetrics.disk_read_bytes
        WorkerMetrics.disk_total_bytes WorkerMetrics.disk_written_bytes WorkerMetrics.load
        WorkerMetrics.memory_available_bytes WorkerMetrics.memory_total_bytes WorkerMetrics.network_received_bytes
        WorkerMetrics.network_sent_bytes WorkerMetrics.tasks
        WorkerMetrics.uptime_seconds VolumeInfo.tasks WorkerTask.not_enforced
        """,
    ]

    @Test func `a response loses only the values that cannot be read`() async throws {
        let expected = Set(Self.fatal.values.flatMap { $0.split(whereSeparator: \.isWhitespace).map(String.init) })
        let losses = try await allLosses(lenient: true)
        let unexpected = losses.filter { !expected.contains($0.key) }
        #expect(unexpected == [:])
        #expect(expected.subtracting(losses.keys) == [])
    }

    @Test func `a decoder outside a client is strict`() async throws {
        let losses = try await allLosses(lenient: false)
        for place in [
            "TaskDefinition.stop.grace", "APIError.details{}", "ValidationError.value", "ClusterStatus.managers[]",
        ] {
            #expect(losses[place] != nil, "\(place)")
        }
        #expect(losses.count > 250)
    }

    @Test func `every change is decoded as Foundation decodes it`() async throws {
        let decoder = JSONDecoder()
        decoder.userInfo[.isLenient] = true
        var count = 0
        func compare<Value: Described & Codable>(_ type: Value.Type) throws {
            try eachMutation(of: type) { _, mutation in
                count += 1
                // There are many, and each takes a while.
                guard count.isMultiple(of: 3) else { return }
                let text = mutation.value.text
                let theirs = DecodingOutcome { try decoder.decode(Value.self, from: Data(text.utf8)) }
                let mine = DecodingOutcome { try JSONBytesDecoder.answer(Value.self, from: Array(text.utf8)) }
                // Foundation does not say which number is invalid.
                let isNumber = theirs == .invalid(path: [])
                #expect(isNumber ? mine.isInvalid : mine == theirs, "\(type).\(mutation.place): \(mutation.change)")
            }
        }
        try compare(TaskDefinition.self)
        try compare(BatchOperation.self)
        try compare(WorkerOperation.self)
        for type in SchemaTests.objects {
            await Task.yield()
            try compare(type)
        }
        #expect(count > 1000)
    }

    // MARK: Requests

    @Test func `a request is decoded strictly, and each invalid field is reported`() throws {
        var count = 0
        func check<Value: Described & Codable>(_ type: Value.Type) throws {
            try eachMutation(of: type) { _, mutation in
                guard mutation.change.hasPrefix("a value of type"), try !mutation.isAllowed(Value.schema) else {
                    return
                }
                count += 1
                let body = try JSONBody(Array(mutation.value.text.utf8))
                let error = #expect(throws: APIError.self, "\(type).\(mutation.place): \(mutation.change)") {
                    try body.decoded(as: type)
                }
                let field = try #require(error?.fields.first)
                #expect(error?.fields.count == 1 && field.field == mutation.field, "\(field)")
                if mutation.field.contains(/\benv\b|\bcontent\b|\bdata\b/) { #expect(field.value == nil, "\(field)") }
            }
        }
        try check(TaskDefinition.self)
        try check(BatchOperation.self)
        try check(WorkerOperation.self)
        for type in Self.requests { try check(type) }
        #expect(count > 400)
    }
}

extension SchemaMutator.Mutation {
    /// Whether the changed value still matches the schema.
    fileprivate func isAllowed(_ schema: Schema) throws -> Bool {
        SchemaChecker.problems(of: try JSONDocument(reading: Array(value.text.utf8)).root, schema).isEmpty
    }

    /// The path in the notation of server errors.
    fileprivate var field: String {
        steps.reduce(JSONPlace()) { place, step in
            switch step {
            case .member(let key): place.member(key)
            case .name(let key): place.name(key)
            case .element(let index): place.element(index)
            }
        }.text
    }
}

extension JSON {
    /// Returns the value without empty members, because each type decides whether to encode these.
    fileprivate var withoutEmptiness: JSON {
        switch self {
        case .object(let members):
            .object(
                members.mapValues(\.withoutEmptiness).filter { $0.value != .object([:]) && $0.value != .array([]) })
        case .array(let elements): .array(elements.map(\.withoutEmptiness))
        default: self
        }
    }
}
