import CubeErrors
import CubeJSON
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
                Operation("getCluster", "Returns the status of the cluster.", .ok(ClusterStatus.self))
            ) { _ in try .json(try await manager.cluster()) },
            Route(
                .get, "\(managerPrefix)/metrics", .reader,
                Operation("getMetrics", "Returns the metrics of the cluster.", .ok(ClusterMetrics.self))
            ) { _ in try .json(ClusterMetrics(try await manager.cluster())) },
            events(manager), backup(manager),
        ]
    }

    private static func backup(_ manager: ManagerService) -> Route {
        Route(
            .get, "\(managerPrefix)/backup", .writer,
            Operation(
                "backUp", "Returns a consistent backup of the store, for `cube manager restore`.",
                .text("application/vnd.sqlite3", "A SQLite database. It contains the values of `env`."),
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
                "listEvents", "Lists the events after a revision; with `follow`, streams them as server-sent events.",
                .ok(EventList.self, "The events, oldest first."),
                .text("text/event-stream", "Each event as JSON, with its kind as `event` and its revision as `id`."),
                errors: [.revisionGone]),
            .integer("since", orElse: 0, "Only events after this revision. With 0, all stored events."),
            .integer(
                "limit", in: 1...ManagerService.pageLimit, orElse: ManagerService.pageLimit,
                "Maximum number of events."),
            .wait("wait", "Maximum time to wait for the first event."),
            .flag("follow", "Whether to stream new events until the client disconnects.")
        ) { call, since, limit, wait, follow in
            guard follow else {
                return try .json(
                    try await call.untilGone { try await manager.events(since: since, limit: limit, wait: wait) })
            }
            // A browser that reconnects sends the id of its last event.
            let last = call.request.headers[.lastEventID].flatMap { Int($0) }
            return call.stream(contentType: "text/event-stream") { sink in
                try await send(eventsOf: manager, since: last ?? since, to: sink)
            }
        }
    }

    /// The interval of heartbeats in an event stream without events, so that each side notices when the other
    /// disconnects.
    private static let heartbeat: Duration = .seconds(15)

    /// Streams events in the format of the HTML standard's section on server-sent events.
    private static func send(eventsOf manager: ManagerService, since: Int, to sink: BodySink) async throws {
        var since = since
        try await sink.send(Array(": events of a cluster\n\n".utf8))
        while true {
            let list = try await manager.events(since: since, limit: 1000, wait: heartbeat)
            since = list.revision
            if list.events.isEmpty { try await sink.send(Array(":\n\n".utf8)) }
            for event in list.events {
                let data = String(decoding: try JSONBytesEncoder.bytes(of: event), as: UTF8.self)
                try await sink.send(Array("id: \(event.revision)\nevent: \(event.kind)\ndata: \(data)\n\n".utf8))
            }
        }
    }
}

extension HTTPField.Name {
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
