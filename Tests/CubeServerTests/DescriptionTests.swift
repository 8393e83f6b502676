import CubeErrors
import CubeJSON
import CubeTesting
import CubeTypes
import CubeVersion
import FoundationEssentials
import NIOHTTP1
import Testing

@testable import CubeServer

@Suite("Schemas of the wire types")
struct SchemaTests {
    /// All named objects.
    static let objects: [any DescribedObject.Type] = [
        APIError.self, ValidationError.self, VersionInfo.self, Health.self, TaskStatus.self, TaskSummary.self,
        TaskResult.self,
        TaskEndpoint.self, TaskEvent.self, ResourceSpec.self, TaskProposal.self, ScheduleRequest.self,
        BatchRequest.self, BatchAnswer.self, BatchResult.self, SettingsUpdate.self, UpdateRequest.self,
        StopRequest.self, AdoptRequest.self, TaskList.self, TaskChanges.self, ViewPosition.self, SlotStatus.self,
        OwnerStatus.self,
        OwnerList.self,
        Lease.self, LeaseRequest.self, GuardLimits.self, PrunedName.self, SourceRoot.self,
        SourceNotes.self, Declaration.self, WithdrawnSlot.self, Hold.self, HeldChange.self, Directive.self,
        ClusterStatus.self,
        ClusterMetrics.self, EndpointList.self, ServiceEndpoint.self, EventList.self, NodeInfo.self, NodeList.self,
        NodeAllowances.self, AllowedMount.self,
        TaskEviction.self, DrainRequest.self, NodeDrain.self, DrainedTask.self,
        VolumeInfo.self, VolumeList.self, TokenRequest.self, TokenInfo.self, TokenList.self,
        WorkerInfo.self, WorkerWelcome.self, CertificateOrder.self, IssuedCertificate.self, ManagerAuthority.self,
        TaskAssignment.self, TaskSettings.self, WorkerTask.self, WorkerBatch.self, WorkerBatchAnswer.self,
        WorkerResult.self,
        WorkerTaskList.self, VolumeKey.self, WorkerStatus.self, WorkerMetrics.self, TaskMetrics.self,
        ExecRequest.self, ExecSession.self, ExecOutput.self, ExecChunk.self, ExecEnd.self, ExecInput.self,
        ExecReceipt.self, TerminalSize.self,
    ]

    let components: JSON

    init() throws {
        let schemas =
            Self.objects.map { $0.schema } + [TaskDefinition.schema, BatchOperation.schema, WorkerOperation.schema]
        components = .object(
            try schemas.reduce(into: [:]) { all, schema in
                try all.merge(schema.components.mapValues(JSON.init)) { $1 }
            })
    }

    @Test(arguments: objects.indices)
    func `every value that a schema allows is decoded, and every encoded value matches the schema`(index: Int) throws {
        try check(Self.objects[index])
    }

    /// The names of the stored properties, also of those that the copies of a value share.
    private static func storedProperties(of value: Any) -> [String] {
        Mirror(reflecting: value).children.flatMap { label, value in
            label == "_fields" ? storedProperties(of: value) : [label].compactMap(\.self)
        }
    }

    private func check<Object: DescribedObject>(_ type: Object.Type) throws {
        var random = SeededGenerator()
        let note = Comment(rawValue: "\(type), CUBE_SEED=\(random.seed)")
        let schema = try JSON(Object.schema.json)
        var sampler = SchemaSampler(components: components)
        for round in 0..<25 {
            sampler.isFull = round < 10
            let sample = try sampler.sample(schema, using: &random)
            #expect(try problems(of: sample, Object.schema) == [], note)
            let written = try JSON(encoding: sample.decoded(as: type))
            #expect(try problems(of: written, Object.schema) == [], note)
            if round < 10 { #expect(written.members?.keys == sample.members?.keys, note) }
        }
        sampler.isFull = true
        let full = try sampler.sample(schema, using: &random)
        let stored = Self.storedProperties(of: try full.decoded(as: type))
        #expect(stored.filter { !Object.offTheWire.contains($0) }.count == Object.properties.count, note)
        for property in Object.properties {
            var members = full.members!
            members[property.key] = nil
            let rest = JSON.object(members)
            if property.isRequired {
                #expect(throws: DecodingError.self, "\(type).\(property.key)") { try rest.decoded(as: type) }
            } else {
                #expect(throws: Never.self, "\(type).\(property.key)") { try rest.decoded(as: type) }
            }
        }
    }

    @Test func `definitions and operations are decoded and encoded as their schemas describe`() throws {
        try checkLoose(TaskDefinition.self)
        try checkLoose(BatchOperation.self)
        try checkLoose(WorkerOperation.self)
    }

    private func checkLoose<Value: Described & Codable>(_ type: Value.Type) throws {
        var random = SeededGenerator()
        let note = Comment(rawValue: "\(type), CUBE_SEED=\(random.seed)")
        let schema = try JSON(Value.schema.json)
        var sampler = SchemaSampler(components: components)
        for round in 0..<60 {
            sampler.isFull = round < 20
            let sample = try sampler.sample(schema, using: &random)
            #expect(try problems(of: sample, Value.schema) == [], note)
            let written = try JSON(encoding: sample.decoded(as: type))
            #expect(try problems(of: written, Value.schema) == [], note)
            // `exclusive` is written only if it is true.
            let expected = sample.members?.filter { $0.key != "exclusive" || $0.value == .boolean(true) }
            if round < 20 { #expect(written.members?.keys == expected?.keys, note) }
        }
    }

    @Test func `every wire type is encoded and decoded as Foundation does it`() async throws {
        for type in Self.objects {
            // Lets the tests proceed that wait.
            await Task.yield()
            try compareEncoders(of: type)
        }
        try compareEncoders(of: TaskDefinition.self)
        try compareEncoders(of: BatchOperation.self)
        try compareEncoders(of: WorkerOperation.self)
    }

    private func compareEncoders<Value: Described & Codable>(of type: Value.Type) throws {
        var random = SeededGenerator()
        let note = Comment(rawValue: "\(type), CUBE_SEED=\(random.seed)")
        let schema = try JSON(Value.schema.json)
        var sampler = SchemaSampler(components: components)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for round in 0..<25 {
            sampler.isFull = round < 10
            let value = try sampler.sample(schema, using: &random).decoded(as: type)
            let bytes = try JSONBytesEncoder.bytes(of: value)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text == String(decoding: try encoder.encode(value), as: UTF8.self), note)
            let copies = [
                try JSONBytesDecoder.value(type, from: bytes), try JSONDecoder().decode(type, from: Data(bytes)),
            ]
            for copy in copies { #expect(try JSONBytesEncoder.bytes(of: copy) == bytes, note) }
        }
    }

    private func problems(of value: JSON, _ schema: Schema) throws -> [ValidationError] {
        SchemaChecker.problems(of: try JSONDocument(reading: Array(value.text.utf8)).root, schema)
    }

    @Test func `a value that breaks a schema is detected`() throws {
        let value = JSON.object(["id": .string("x"), "ordinal": .integer(10_000)])
        #expect(
            Set(try problems(of: value, StopRequest.schema).map(\.field)) == ["id", "ordinal", "name", "attempt"])
    }

    @Test func `every keyword of the schemas is checked or is an annotation`() {
        var keywords: Set<String> = []
        func look(at schema: JSON) {
            keywords.formUnion(schema.members?.keys.map(\.self) ?? [])
            for part in ["items", "additionalProperties", "propertyNames", "not"].compactMap({ schema[$0] }) {
                look(at: part)
            }
            for part in schema["oneOf"]?.elements ?? [] { look(at: part) }
            for part in schema["properties"]?.members?.values.map(\.self) ?? [] { look(at: part) }
        }
        for component in components.members!.values { look(at: component) }
        #expect(
            keywords.subtracting(SchemaChecker.keywords).subtracting(SchemaChecker.remarks)
                .subtracting(SchemaChecker.bounds) == [])
        #expect(keywords.count > 15)
    }
}

@Suite("The OpenAPI document", .timeLimit(.minutes(1)))
struct DescriptionTests {
    /// Fetches the documents of both servers.
    private func withDescriptions(_ body: @Sendable (JSON, Endpoint) async throws -> Void) async throws {
        try await ManagerEndpointTests().withManager { _, endpoint in
            try await body(try await description(of: endpoint), endpoint)
        }
        try await WorkerEndpointTests().withWorker { _, endpoint in
            try await body(try await description(of: endpoint), endpoint)
        }
    }

    private func description(of endpoint: Endpoint) async throws -> JSON {
        let answer = try await ask(.GET, endpoint, "/openapi.json", token: nil)
        #expect(answer.status == 200)
        return try JSON(reading: Array(answer.body))
    }

    /// Method, path and operation, sorted by path and method.
    private static func operations(_ document: JSON) -> [(method: String, path: String, operation: JSON)] {
        document["paths"]!.members!.sorted { $0.key < $1.key }.flatMap { path, item in
            item.members!.sorted { $0.key < $1.key }.map { ($0.key.uppercased(), path, $0.value) }
        }
    }

    @Test func `every described operation is served, and refused without a token if it requires one`() async throws {
        try await withDescriptions { document, endpoint in
            for (method, path, operation) in Self.operations(document) {
                let answer = try await ask(
                    HTTPMethod(rawValue: method), endpoint, path.replacing(/{[a-z]+}/, with: "x"), token: nil)
                let isOpen = operation["security"]?.elements?.isEmpty == true
                // A manager that speaks no TLS has no certificate authority to show.
                let open = path.hasSuffix("/ca") ? 409 : 200
                #expect(answer.status == (isOpen ? open : 401), "\(method) \(path)")
                #expect(operation["responses"]?["\(answer.status)"] != nil, "\(method) \(path)")
            }
        }
    }

    @Test func `every operation has a unique id, a summary, and the parameters of its path`() async throws {
        try await withDescriptions { document, _ in
            let operations = Self.operations(document)
            #expect(operations.count > 10)
            #expect(Set(operations.map { $0.operation["operationId"]! }).count == operations.count)
            for (method, path, operation) in operations {
                #expect(operation["summary"]?.string?.hasSuffix(".") == true, "\(method) \(path)")
                let inPath = (operation["parameters"]?.elements ?? []).filter { $0["in"]?.string == "path" }
                    .compactMap { $0["name"]?.string }
                let named = path.matches(of: /{([a-z]+)}/).map { String($0.1) }
                #expect(inPath == named, "\(method) \(path)")
                #expect(operation["responses"]!.members!.keys.contains { $0.hasPrefix("2") }, "\(method) \(path)")
            }
        }
    }

    @Test func `every reference has a component, and every component is a tested type`()
        async throws
    {
        let held = Set(SchemaTests.objects.map { "\($0)" } + ["TaskDefinition", "BatchOperation", "WorkerOperation"])
        let (seen, found) = AsyncStream<String>.makeStream()
        try await withDescriptions { document, _ in
            let components = Set(document["components"]!["schemas"]!.members!.keys)
            #expect(components.subtracting(held) == [])
            #expect(Self.references(document).subtracting(components) == [])
            for component in components { found.yield(component) }
        }
        found.finish()
        var described: Set<String> = []
        for await component in seen { described.insert(component) }
        #expect(held.subtracting(described) == [])
    }

    private static func references(_ json: JSON) -> Set<String> {
        var found = Set(json.elements?.flatMap(references) ?? []).union(json.members?.values.flatMap(references) ?? [])
        if let reference = json["$ref"]?.string { found.insert(String(reference.split(separator: "/").last!)) }
        return found
    }
}
