import CubeErrors
import CubeManager
import CubeTypes
import FoundationEssentials
import HTTPTypes
import Hummingbird

extension RouteTable {
    static func cluster(_ manager: ManagerService) -> [Route] {
        [
            Route(
                .get, "\(managerPrefix)/cluster", .reader,
                Operation("getCluster", "How the cluster is.", .ok(ClusterStatus.self))
            ) { _ in try .json(try await manager.cluster()) },
            Route(
                .get, "\(managerPrefix)/metrics", .reader,
                Operation("getMetrics", "Figures of the cluster.", .ok(ClusterMetrics.self))
            ) { _ in try .json(ClusterMetrics(try await manager.cluster())) },
            Route(
                .get, "\(managerPrefix)/endpoints", .reader,
                Operation("listEndpoints", "Where a workload is served.", .ok(EndpointList.self)),
                .required(.identifier("name", as: WorkloadName.self, "The workload.")),
                .identifier("owner", as: OwnerName.self, "Of this owner alone.")
            ) { _, name, owner in try .json(try await manager.endpoints(name: name, owner: owner)) },
            events(manager), backup(manager),
        ]
    }

    private static func backup(_ manager: ManagerService) -> Route {
        Route(
            .get, "\(managerPrefix)/backup", .writer,
            Operation(
                "backUp", "A copy of the store as of one moment, which `cube manager restore` puts in its place.",
                .text("application/vnd.sqlite3", "A SQLite database. It holds the values of `env`."),
                errors: [.storageFull])
        ) { call in
            let backup = try await manager.backup()
            return call.stream(contentType: "application/vnd.sqlite3") { sink in
                while case let bytes = try await backup.read(), !bytes.isEmpty { try await sink.send(bytes) }
            }
        }
    }

    private static func events(_ manager: ManagerService) -> Route {
        Route(
            .get, "\(managerPrefix)/events", .reader,
            Operation(
                "listEvents", "The history after a revision; with `follow` as a stream of server-sent events.",
                .ok(EventList.self, "Events, oldest first."),
                .text("text/event-stream", "Each event as JSON, its kind as `event`, its revision as `id`."),
                errors: [.revisionGone]),
            .integer("since", orElse: 0, "Events after this revision; all that are kept after 0."),
            .integer("limit", in: 1...1000, orElse: 1000, "How many at most."),
            .wait("wait", "How long to wait for the first event."),
            .flag("follow", "Whether to stream what happens from then on, until the client goes.")
        ) { call, since, limit, wait, follow in
            guard follow else {
                return try .json(
                    try await call.untilGone { try await manager.events(since: since, limit: limit, wait: wait) })
            }
            // A browser that reconnects says how far it came.
            let last = call.request.headers[.lastEventID].flatMap { Int($0) }
            return call.stream(contentType: "text/event-stream") { sink in
                try await send(eventsOf: manager, since: last ?? since, to: sink)
            }
        }
    }

    /// How often a stream of events says something where nothing happens, so that either side sees the other leave.
    private static let heartbeat: Duration = .seconds(15)

    /// Sends events as they come, as in the HTML standard's chapter on server-sent events.
    private static func send(eventsOf manager: ManagerService, since: Int, to sink: BodySink) async throws {
        var since = since
        try await sink.send(Array(": events of a cluster\n\n".utf8))
        while true {
            let list = try await manager.events(since: since, limit: 1000, wait: heartbeat)
            since = list.revision
            if list.events.isEmpty { try await sink.send(Array(":\n\n".utf8)) }
            for event in list.events {
                let data = String(decoding: try JSONEncoder().encode(event), as: UTF8.self)
                try await sink.send(Array("id: \(event.revision)\nevent: \(event.kind)\ndata: \(data)\n\n".utf8))
            }
        }
    }
}

extension HTTPField.Name {
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
