import CubeErrors
import CubeManager
import CubeTypes
import FoundationEssentials
import HTTPTypes
import Hummingbird

extension RouteTable {
    /// How often a stream of events says something where nothing happens, so that either side sees the other leave.
    private static let heartbeat: Duration = .seconds(15)

    static func cluster(_ manager: ManagerService) -> [Route] {
        [
            Route(.get, "\(managerPrefix)/cluster", .reader) { _ in try .json(try await manager.cluster()) },
            Route(.get, "\(managerPrefix)/metrics", .reader) { _ in
                try .json(ClusterMetrics(try await manager.cluster()))
            },
            Route(.get, "\(managerPrefix)/endpoints", .reader) { call in
                var query = call.query
                let name = query.identifier("name", as: WorkloadName.self)
                let owner = query.identifier("owner", as: OwnerName.self)
                try query.finish(requiring: "name")
                return try .json(try await manager.endpoints(name: name!, owner: owner))
            },
            Route(.get, "\(managerPrefix)/events", .reader) { call in
                var query = call.query
                let since = query.integer("since") ?? 0
                let limit = query.integer("limit", in: 1...1000) ?? 1000
                let wait = query.duration("wait", upTo: call.limits.longestWait) ?? .zero
                let follow = query.flag("follow")
                try query.finish()
                guard follow else {
                    return try .json(
                        try await call.untilGone { try await manager.events(since: since, limit: limit, wait: wait) })
                }
                // A browser that reconnects says how far it came.
                let last = call.request.headers[.lastEventID].flatMap { Int($0) }
                return call.stream(contentType: "text/event-stream") { sink in
                    try await sendEvents(of: manager, since: last ?? since, to: sink)
                }
            },
        ]
    }

    /// Sends events as they come, as in the HTML standard's chapter on server-sent events.
    private static func sendEvents(of manager: ManagerService, since: Int, to sink: BodySink) async throws {
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
