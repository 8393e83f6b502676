import CubeCore
import CubeManager
import CubeTypes
import NIOHTTP1
import Testing

@testable import CubeServer

/// Tests that the OpenAPI document contains the limits that the server enforces.
@Suite(.timeLimit(.minutes(1)))
struct LimitDescriptionTests {
    private let document: JSON

    init() async throws {
        var document: JSON?
        try await ManagerEndpointTests().withManager { _, endpoint in
            document = try JSON(reading: Array(try await ask(.GET, endpoint, "/openapi.json", token: nil).body))
        }
        self.document = try #require(document)
    }

    private var operations: [(name: String, operation: JSON)] {
        document["paths"]!.members!.flatMap { path, item in
            item.members!.map { ("\($0.key) \(path)", $0.value) }
        }
    }

    private func parameters(_ name: String) -> [JSON] {
        operations.flatMap { $0.operation["parameters"]?.elements ?? [] }.filter { $0["name"]?.string == name }
    }

    private func property(_ path: String) throws -> JSON {
        let names = path.split(separator: ".").map(String.init)
        let component = try #require(document["components"]?["schemas"]?[names[0]], "\(path)")
        return try names.dropFirst().reduce(component) { schema, name in
            try #require(schema["properties"]?[name], "\(path)")
        }
    }

    @Test func `the document contains the limits of a listener`() throws {
        let limits = ServerLimits()
        let shown = try #require(document["x-cube-limits"]?.members)
        let expected: [String: JSON] = [
            "connections": .integer(limits.connections), "local_connections": .integer(limits.localConnections),
            "strangers": .integer(limits.strangers), "strangers_per_address": .integer(limits.strangersPerAddress),
            "stranger_time": .string(limits.strangerTime.text), "header_bytes": .integer(limits.headerBytes),
            "header_fields": .integer(limits.headerFields), "body_bytes": .integer(limits.bodyBytes),
            "batch_bytes": .integer(limits.batchBytes), "request_time": .string(limits.requestTime.text),
            "idle_time": .string(limits.idleTime.text), "stall_time": .string(limits.stallTime.text),
            "longest_wait": .string(limits.longestWait.text),
        ]
        #expect(shown == expected)
        // A limit that is added to the type must be added to the document.
        #expect(Mirror(reflecting: limits).children.count == expected.count)
    }

    @Test func `each body has a documented size limit`() throws {
        let limits = ServerLimits()
        var batches: Set<String> = []
        for (name, operation) in operations {
            guard let text = operation["requestBody"]?["description"]?.string else { continue }
            let isBatch = text.hasPrefix("At most \(limits.batchBytes >> 20) MiB.")
            #expect(isBatch || text.hasPrefix("At most \(limits.bodyBytes >> 20) MiB."), "\(name)")
            if isBatch { batches.insert(name) }
        }
        let prefix = "/api/v1/manager"
        #expect(batches == ["post \(prefix)/tasks/batch", "put \(prefix)/owners/{owner}/lease"])
    }

    @Test func `pages, waits and batches have documented limits`() throws {
        let pages = parameters("limit")
        #expect(pages.count == 2)
        #expect(pages.allSatisfy { $0["schema"]?["maximum"]?.whole == ManagerService.pageLimit })
        let waits = parameters("wait")
        // Queries for changes of tasks, events, endpoints and drains, and calls about commands and volumes.
        #expect(waits.count == 7)
        let longest = "At most \(ServerLimits().longestWait.text)."
        #expect(waits.allSatisfy { $0["description"]?.string?.hasSuffix(longest) == true })
        #expect(try property("BatchRequest.operations")["maxItems"]?.whole == BatchRequest.maximum)
    }

    @Test(arguments: [
        ("LeaseRequest.id", TextBounds.requestID), ("LeaseRequest.holder", TextBounds.remark),
        ("Directive.id", TextBounds.requestID), ("Directive.subject", TextBounds.remark),
        ("Directive.reason", TextBounds.remark), ("WorkerInfo.version", TextBounds.word),
        ("WorkerInfo.url", TextBounds.address), ("WorkerInfo.boot_id", TextBounds.word),
        ("WorkerInfo.incarnation", TextBounds.word), ("TaskProposal.source", TextBounds.address),
        ("SettingsUpdate.source", TextBounds.address), ("TaskDefinition.constraints.spread", TextBounds.labelName),
    ])
    func `each text has a documented maximum length`(path: String, bytes: Int) throws {
        #expect(try property(path)["maxLength"]?.whole == bytes)
    }

    @Test(arguments: [
        "WorkerInfo.labels", "TaskDefinition.labels", "TaskDefinition.constraints.labels",
        "TaskDefinition.constraints.not",
    ])
    func `labels have documented limits for number and length`(path: String) throws {
        let labels = try property(path)
        #expect(labels["maxProperties"]?.whole == TextBounds.labels)
        #expect(labels["propertyNames"]?["maxLength"]?.whole == TextBounds.labelName)
        #expect(labels["additionalProperties"]?["maxLength"]?.whole == TextBounds.labelValue)
    }

    @Test func `lists have documented maximum lengths`() throws {
        #expect(try property("LeaseRequest.holds")["maxItems"]?.whole == TextBounds.holds)
        for list in ["capabilities", "devices", "mounts"] {
            #expect(try property("NodeAllowances.\(list)")["maxItems"]?.whole == TextBounds.allowances)
        }
        let runtimes = try property("WorkerInfo.runtimes")
        #expect(runtimes["maxItems"]?.whole == TextBounds.runtimes)
        #expect(runtimes["items"]?["maxLength"]?.whole == TextBounds.word)
        for type in ["TaskProposal", "StopRequest"] {
            #expect(try property("\(type).ordinal")["maximum"]?.whole == SlotKey.lastOrdinal)
        }
    }
}
