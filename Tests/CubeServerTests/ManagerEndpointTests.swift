import AsyncHTTPClient
import CubeCore
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeTesting
import CubeTypes
import CubeVersion
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Testing

@testable import CubeServer

@Suite("The endpoints of a manager", .timeLimit(.minutes(1)))
struct ManagerEndpointTests {
    let cluster = ClusterID(rawValue: "00000000-0000-0000-0000-00000000000c")!
    let source = SourceID(rawValue: "00000000-0000-0000-0000-00000000000e")!
    let unknown = TaskID(rawValue: "00000000-0000-0000-0000-000000000002")!
    let node = NodeName(rawValue: "w1")!

    /// Workers that refuse every task.
    let workers = FakeWorkers(clock: ManualClock(), refusal: APIError(.unavailable, "not now"))

    var worker: WorkerInfo {
        WorkerInfo(
            name: node, version: ProductVersion.current, url: "http://127.0.0.1:1", runtimes: ["process"],
            capacity: ResourceSpec(millicores: 4000, memory: 1 << 30, disk: 1 << 30), bootID: "b", incarnation: "i")
    }

    func proposal(
        _ name: String = "web", ordinal: Int = 0, attempt: Int = 0, owner: OwnerName = .manual, ports: [PortSpec] = []
    ) -> TaskProposal {
        let name = WorkloadName(rawValue: name)!
        let definition = TaskDefinition(name: name, command: ["true"], env: ["PASSWORD": "hunter2"], ports: ports)
        return TaskProposal(
            id: .derive(
                cluster: cluster, owner: owner, name: name, ordinal: ordinal, attempt: attempt,
                digest: definition.specDigest),
            name: name, ordinal: ordinal, attempt: attempt, specDigest: definition.specDigest,
            settingsDigest: definition.settingsDigest, definition: definition)
    }

    func withManager(
        options: ManagerOptions = ManagerOptions(), _ body: (ManagerClient, Endpoint) async throws -> Void
    ) async throws {
        try await withService(options: options) { _, endpoint in
            try await body(ManagerClient(endpoint: endpoint, token: tokens[.write], options: quiet), endpoint)
        }
    }

    func withService(
        options: ManagerOptions = ManagerOptions(), _ body: (ManagerService, Endpoint) async throws -> Void
    ) async throws {
        let manager = try await ManagerService.open(
            store: MemoryStore(cluster: cluster), gateway: workers, options: options, logger: silent,
            now: { Timestamp(milliseconds: 0) })
        try await withServer { options in
            [manager, ManagerServer(manager, options: options, logger: silent)]
        } _: { endpoint, _ in
            // The two services start at the same time.
            try await eventually { try await ask(.GET, endpoint, "/readyz", token: nil).status != 503 }
            try await body(manager, endpoint)
        }
    }

    @Test func `the routes at the root require no token`() async throws {
        try await withManager { client, endpoint in
            for path in ["/healthz", "/readyz", "/version"] {
                #expect(try await ask(.GET, endpoint, path, token: nil).status == 200, "\(path)")
            }
            try await client.ready()
            #expect(try await client.version() == VersionInfo())
        }
    }

    @Test func `a manager that is not ready says why`() async throws {
        let manager = try await ManagerService.open(
            store: MemoryStore(cluster: cluster), gateway: workers, logger: silent,
            now: { Timestamp(milliseconds: 0) })
        try await withServer { options in
            [ManagerServer(manager, options: options, logger: silent)]
        } _: { endpoint, _ in
            #expect(try await ask(.GET, endpoint, "/healthz", token: nil).status == 200)
            let answer = try await ask(.GET, endpoint, "/readyz", token: nil)
            #expect(answer.status == 503)
            #expect(try answer.error.reason == .unavailable)
            #expect(try answer.error.message.contains("starting"))
        }
    }

    @Test func `a plain definition schedules a task once per id`() async throws {
        try await withManager { client, endpoint in
            let name = WorkloadName(rawValue: "web")!
            let first = try await client.schedule(TaskDefinition(name: name, command: ["true"]))
            #expect(first.owner == .manual && first.ordinal == 0 && first.definition.id == nil)
            let second = try await client.schedule(TaskDefinition(name: name, command: ["true"]))
            #expect(second.ordinal == 1)
            // The definition of a fetched task can be used for a new task.
            let third = try await client.schedule(first.definition)
            #expect(third.ordinal == 2 && third.id != first.id)

            let path = "/api/v1/manager/tasks"
            let body = #"{"id": "deploy-42", "name": "web", "command": ["web"], "cpu": 0.5}"#
            let created = try await ask(.POST, endpoint, path, body: body)
            #expect(created.status == 201)
            let known = try await ask(.POST, endpoint, path, body: body)
            #expect(known.status == 200)
            #expect(known.body == created.body)
            let other = try await ask(
                .POST, endpoint, path, body: #"{"id": "deploy-42", "name": "web", "command": ["w"]}"#)
            #expect(try other.status == 409 && other.error.reason == .conflict)
            let empty = try await ask(.POST, endpoint, path, body: #"{"name": "web"}"#)
            #expect(try empty.status == 400 && empty.error.fields.map(\.field) == ["command"])
            let nameless = try await ask(.POST, endpoint, path, body: #"{"command": ["web"]}"#)
            #expect(try nameless.status == 400 && nameless.error.fields.map(\.field) == ["name"])
            let batch = try await client.batch(
                BatchRequest(
                    owner: .manual,
                    operations: [.definition(TaskDefinition(name: name, command: ["true"])), .stop(StopRequest(first))])
            )
            #expect(batch.results.map(\.status) == [201, 202])
        }
    }

    @Test func `tasks are scheduled, listed, updated, read and stopped`() async throws {
        try await withManager { client, _ in
            let request = ScheduleRequest(owner: .manual, maxLive: 1, task: proposal())
            let first = try await client.schedule(request)
            #expect(first.created)
            let again = try await client.schedule(request)
            #expect(!again.created)
            #expect(again.task.id == first.task.id)
            #expect(try await client.task(request.task.id).state == .pending)

            var definition = request.task.definition
            definition.labels = ["team": "shop"]
            let updated = try await client.updateSettings(
                SettingsUpdate(
                    id: request.task.id, from: request.task.settingsDigest, to: definition.settingsDigest,
                    definition: definition),
                owner: .manual)
            #expect(updated.definition.labels == ["team": "shop"])

            let list = try await client.tasks(owner: .manual)
            #expect(list.tasks.map(\.id) == [request.task.id])
            #expect(list.slots.map(\.next) == [1])
            let stopped = try await client.stop(request.task.id)
            #expect(stopped.desired == .stop)
            #expect(try await client.page(state: .pending).tasks.isEmpty)
            let gone = await #expect(throws: APIError.self) { try await client.task(unknown) }
            #expect(gone?.reason == .taskNotFound)
            let stale = await #expect(throws: APIError.self) {
                try await client.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: proposal(attempt: 7)))
            }
            #expect(stale?.reason == .staleAttempt)
        }
    }

    @Test func `a batch returns one result per operation, and a list is paged`() async throws {
        try await withManager { client, endpoint in
            let names = (0..<25).map { "job-\($0)" }
            var operations = names.map { BatchOperation.schedule(proposal($0), maxLive: 1) }
            operations.append(.schedule(proposal("job-0", attempt: 9), maxLive: 1))
            let answer = try await client.batch(BatchRequest(owner: .manual, operations: operations))
            #expect(answer.results.map(\.status) == Array(repeating: 201, count: 25) + [409])

            var listed: [TaskStatus] = []
            var cursor: String?
            repeat {
                let page = try await client.page(owner: .manual, limit: 10, cursor: cursor)
                #expect(page.revision == answer.revision)
                listed += page.tasks
                cursor = page.cursor
            } while cursor != nil
            #expect(listed.map(\.name.rawValue) == names.sorted())
            #expect(try await client.tasks(owner: .manual).tasks == listed)

            let large = BatchRequest(
                owner: .manual, operations: Array(repeating: operations[0], count: BatchRequest.maximum + 1))
            let error = await #expect(throws: APIError.self) { try await client.batch(large) }
            #expect(error?.fields.map(\.field) == ["operations"])
        }
    }

    @Test func `a blocking query waits for a change`() async throws {
        try await withManager { client, _ in
            let list = try await client.tasks(owner: .manual)
            async let changes = client.changes(
                owner: .manual, since: list.revision, term: list.term, wait: .seconds(30))
            let (task, _) = try await client.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: proposal()))
            #expect(try await changes.changed.map(\.id) == [task.id])
            let none = try await client.changes(
                owner: .manual, since: task.revision, term: list.term, wait: .milliseconds(1))
            #expect(none.changed.isEmpty)
            let gone = await #expect(throws: APIError.self) {
                try await client.changes(owner: .manual, since: 0, term: list.term + 1, wait: .zero)
            }
            #expect(gone?.reason == .revisionGone)
        }
    }

    @Test func `workers are registered, drained and removed, and the output of their tasks is forwarded`() async throws
    {
        try await withManager { client, endpoint in
            let register = ManagerClient(endpoint: endpoint, token: tokens[.worker], options: quiet)
            #expect(try await register.register(worker).cluster == cluster)
            let forbidden = await #expect(throws: APIError.self) { try await client.register(worker) }
            #expect(forbidden?.reason == .forbidden)
            #expect(try await client.workers().nodes.map(\.name) == [node])
            #expect(try await client.worker(node).url == worker.url)

            var (task, _) = try await client.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: proposal()))
            let term = try await client.clusterStatus().term
            while task.node == nil {
                let changes = try await client.changes(
                    owner: .manual, since: task.revision, term: term, wait: .seconds(30))
                task = try #require(changes.changed.first)
            }
            #expect(task.node == node)
            var output: [UInt8] = []
            for try await bytes in try await client.logs(of: task.id, tail: 7, follow: true) { output += bytes }
            #expect(String(decoding: output, as: UTF8.self) == "hello\n")
            #expect(await workers.selections.map { "\($0.tail ?? -1) \($0.follow)" } == ["7 true"])

            #expect(try await client.cordon(node).state == .cordoned)
            let forecast = try await client.drain(of: node)
            #expect(!forecast.draining && forecast.tasks.map(\.step) == [.stays])
            let drain = try await client.drain(node, with: DrainRequest(jobsAfter: .seconds(60)))
            #expect(drain.draining && !drain.done && drain.jobsFrom != nil)
            #expect(drain.tasks.map(\.id) == [task.id] && drain.tasks.map(\.reason) == [.noNode])
            #expect(try await client.clusterStatus().nodes == ["draining": 1])
            #expect(try await client.task(task.id).eviction?.due == false)
            let later = try await client.drain(of: node, since: drain.revision, wait: .milliseconds(1))
            #expect(later.tasks == drain.tasks)
            let resumed = try await client.uncordon(node)
            #expect(resumed.state != .draining && !resumed.cordoned)
            let missing = await #expect(throws: APIError.self) {
                try await client.remove(NodeName(rawValue: "nobody")!)
            }
            #expect(missing?.reason == .workerNotFound)
        }
    }

    @Test func `an owner has a lease and directives, and can be removed`() async throws {
        try await withManager { client, endpoint in
            let owner = OwnerName.default
            let leased = try await client.lease(owner, with: LeaseRequest(holder: "test", source: source))
            let fence = try #require(leased.lease?.fence)
            let task = proposal(owner: owner)
            _ = try await client.schedule(ScheduleRequest(owner: owner, fence: fence, pass: 1, maxLive: 1, task: task))
            let directive = Directive(verb: .suspend, subject: "web", reason: "for now")
            #expect(try await client.direct(owner, with: directive).directives.map(\.name) == ["suspend-web"])
            #expect(try await client.owners().owners.map(\.owner) == [owner])
            #expect(try await client.owner(owner).directives.map(\.reason) == ["for now"])

            let path = "/api/v1/manager/owners/default/directives/retry-web"
            let body = #"{"verb": "suspend", "subject": "web", "revision": 0}"#
            #expect(try await ask(.PUT, endpoint, path, body: body).error.fields.map(\.field) == ["name"])

            _ = try await client.stop(task.id)
            _ = try await client.lease(
                owner, with: LeaseRequest(holder: "test", source: source, fence: fence, release: true))
            try await client.forget(owner)
            let error = await #expect(throws: APIError.self) { try await client.owner(owner) }
            #expect(error?.reason == .ownerNotFound)
        }
    }

    @Test func `a lease request fits into its body limit with as many held changes as it may contain`() async throws {
        try await withManager { client, _ in
            let digest = Digest(rawValue: "sha256:" + String(repeating: "a", count: 64))!
            let name = WorkloadName(rawValue: String(repeating: "n", count: 63))!
            var hold = Hold(
                digest: digest, guardName: "guard_window",
                changes: (0..<Hold.maximumChanges).map { number in
                    HeldChange(verb: "scale_down", name: name, ordinal: number % 10_000, from: digest, to: digest)
                })
            func request(fence: Int?) -> LeaseRequest {
                LeaseRequest(holder: "test", source: source, fence: fence, holds: [hold])
            }
            let leased = try await client.lease(.default, with: request(fence: nil))
            #expect(leased.holds.isEmpty, "the holder knows them")
            #expect(try await client.owner(.default).holds == [hold])
            hold.changes.append(hold.changes[0])
            let error = await #expect(throws: APIError.self) {
                try await client.lease(.default, with: request(fence: leased.lease?.fence))
            }
            #expect(error?.fields.map(\.description) == ["holds: 20001 changes must be at most 20000 changes"])
        }
    }

    @Test func `the manager serves its metrics, and its events as a list and as a stream`() async throws {
        try await withManager { client, endpoint in
            let before = try await client.clusterStatus()
            _ = try await client.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: proposal()))
            let metrics = try await client.metrics()
            #expect(metrics.tasks == ["pending": 1])
            #expect(metrics.term == before.term)
            let figures = String(decoding: try await ask(.GET, endpoint, "/metrics", token: .read).body, as: UTF8.self)
            #expect(figures.contains("# TYPE cube_tasks gauge\ncube_tasks{state=\"pending\"} 1\n"))
            #expect(try await ask(.GET, endpoint, "/metrics", token: nil).status == 401)

            let events = try await client.events(since: before.revision)
            #expect(events.events.contains { $0.kind == .taskPending })
            var followed = client.events(following: before.revision).makeAsyncIterator()
            #expect(try await followed.next() == events.events.first)

            // The requests of a browser that follows the events.
            var request = HTTPClientRequest(url: "\(endpoint)/api/v1/manager/events?follow=true")
            request.headers = [
                "Authorization": "Bearer \(tokens[.read]!)", "Last-Event-ID": "\(before.revision)",
            ]
            let response = try await HTTPClient.shared.execute(request, timeout: .minutes(10))
            #expect(response.headers["Content-Type"] == ["text/event-stream"])
            var text = ""
            for try await bytes in response.body {
                text += String(buffer: bytes)
                if text.contains("data: ") && text.hasSuffix("\n\n") { break }
            }
            #expect(text.contains("event: task_pending\ndata: {"))
        }
    }

    @Test func `endpoints and their discovery by other programs leave out tasks that are not ready`() async throws {
        try await withManager { client, endpoint in
            let request = ScheduleRequest(owner: .manual, maxLive: 1, task: proposal(ports: [PortSpec(name: "http")]))
            let prefix = "/api/v1/manager/discovery"
            func text(_ path: String) async throws -> String {
                let answer = try await ask(.GET, endpoint, "\(prefix)/\(path)", token: .read)
                #expect(answer.status == 200)
                #expect(answer.headers["Content-Type"] == ["application/json"])
                return String(decoding: answer.body, as: UTF8.self)
            }
            #expect(try await text("traefik") == "{}")
            _ = try await client.schedule(request)
            let reader = ManagerClient(endpoint: endpoint, token: tokens[.read], options: quiet)
            let expected = try await EndpointList(
                revision: client.clusterStatus().revision, cluster: cluster, endpoints: [])
            #expect(try await reader.endpoints(of: request.task.name, owner: .manual) == expected)
            #expect(try await reader.endpoints() == expected)
            #expect(try await text("prometheus?owner=manual&name=web&port=http") == "[]")
            #expect(try await text("traefik?port=dns") == "{}")
            let service = #"{"services":{"manual_web_http":{"loadBalancer":{"servers":[]}}}}"#
            #expect(try await text("traefik?port=http") == #"{"http":\#(service),"tcp":\#(service)}"#)
            for path in ["\(prefix)/prometheus?port=A_B", "\(prefix)/traefik?nmae=web"] {
                #expect(try await ask(.GET, endpoint, path, token: .read).status == 400, "\(path)")
            }
            #expect(try await ask(.GET, endpoint, "\(prefix)/prometheus", token: .worker).status == 403)
            #expect(try await ask(.GET, endpoint, "\(prefix)/traefik", token: nil).status == 401)
        }
    }

    @Test func `the role read receives the names in env but no values`() async throws {
        try await withManager { client, endpoint in
            let request = ScheduleRequest(owner: .manual, maxLive: 1, task: proposal())
            let list = try await client.tasks(owner: .manual)
            _ = try await client.schedule(request)
            #expect(try await client.task(request.task.id).definition.env == ["PASSWORD": "hunter2"])
            let prefix = "/api/v1/manager/tasks"
            for path in [
                prefix, "\(prefix)/\(request.task.id)",
                "\(prefix)?owner=manual&since=\(list.revision)&term=\(list.term)",
                "/api/v1/manager/events",
            ] {
                let body = String(decoding: try await ask(.GET, endpoint, path, token: .read).body, as: UTF8.self)
                #expect(!body.contains("hunter2"), "\(path)")
                #expect(!body.contains(request.task.specDigest.rawValue), "\(path)")
                #expect(!body.contains(request.task.settingsDigest.rawValue), "\(path)")
                #expect(!body.contains("digest_key"), "\(path)")
                if path.hasPrefix(prefix) { #expect(body.contains(#""PASSWORD":"<hidden>""#), "\(path)") }
            }
            let reader = ManagerClient(endpoint: endpoint, token: tokens[.read], options: quiet)
            // Equal digests stay equal, and the role write receives the key.
            let key = try #require(try await client.tasks().digestKey.flatMap(DigestKey.init(hexadecimal:)))
            #expect(try await reader.task(request.task.id).specDigest == key.keyed(request.task.specDigest))
            #expect(try await client.task(request.task.id).specDigest == request.task.specDigest)
            let error = await #expect(throws: APIError.self) { try await reader.stop(request.task.id) }
            #expect(error?.reason == .forbidden)
        }
    }
}
