import AsyncHTTPClient
import CubeCore
import CubeTypes
import FoundationEssentials
import NIOCore
import NIOHTTP1

extension EngineClient {
    // MARK: Containers

    /// Describes a container.
    ///
    /// - Parameter name: its name or ID.
    /// - Returns: `nil` if there is no such container.
    func container(_ name: String) async throws -> EngineContainer? {
        try await unlessMissing { try await send(.get("/containers/\(name)/json")) }
    }

    /// Creates the container of a run.
    ///
    /// - Throws: `EngineError`, for which ``EngineError/isConflict`` is true if the container exists, and
    ///   ``EngineError/isNotFound`` if the image, or something else that the container needs, does not.
    func create(_ spec: ContainerSpec) async throws {
        let request = try Request.post("/containers/create", [("name", spec.name)], json: ContainerCreation(spec))
        try await send(request, within: Self.slowLimit)
    }

    /// Starts a container. A container that is running already stays as it is.
    func start(_ name: String) async throws {
        try await send(try .post("/containers/\(name)/start"), within: Self.slowLimit)
    }

    /// Sends a signal to the first process of a container. A container that is not running is no error.
    func kill(_ name: String, signal: String) async throws {
        do {
            try await send(try .post("/containers/\(name)/kill", [("signal", signal)]))
        } catch let error as EngineError where error.isNotFound || error.isConflict {
            // The container has ended.
        } catch EngineError.refused(500, let message) where message.contains("not running") {
            // Podman says it with this status.
        }
    }

    /// Stops a container, with the grace period of the engine. A container that is missing or not running is no error.
    func stop(_ name: String) async throws {
        _ = try await unlessMissing {
            try await send(try .post("/containers/\(name)/stop"), within: Self.slowLimit)
        }
    }

    /// Removes a container that is not running, together with its anonymous volumes. A missing container is no error, and neither
    /// is one that is being removed already.
    func remove(_ name: String) async throws {
        do {
            try await send(.delete("/containers/\(name)", [("v", "true")]), within: Self.slowLimit)
        } catch let error as EngineError where error.isNotFound {
        } catch EngineError.refused(409, let message) where message.contains("already in progress") {
        }
    }

    /// One entry of the list of containers.
    struct ListedContainer: Decodable, Sendable {
        var names: [String]
        var state: String
        var labels: [String: String]

        /// Whether the container has processes, which may be paused.
        var isAlive: Bool { EngineContainer.phase(of: state) == .running }

        /// The name without the slash that the engine puts in front of it.
        var name: String? { names.first.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 } }
    }

    /// Lists the containers that have all of the given labels, running or not.
    func containers(with labels: [String: String]) async throws -> [ListedContainer] {
        try await list(.get("/containers/json", [("all", "true"), ("filters", try Self.filters(labels))]))
    }

    /// Lists the containers that have a label, whatever its value.
    func containers(labelled key: String) async throws -> [ListedContainer] {
        let filters = String(decoding: try JSONEncoder().encode(["label": [key]]), as: UTF8.self)
        return try await list(.get("/containers/json", [("all", "true"), ("filters", filters)]))
    }

    /// Lists containers. Podman refuses this if one of them is removed meanwhile, and then lists the others the next time.
    private func list(_ request: Request) async throws -> [ListedContainer] {
        for _ in 0..<4 {
            do {
                return try await send(request)
            } catch EngineError.refused(_, let message) where message.contains("no such container") {
            }
        }
        return try await send(request)
    }

    /// Stops containers, each with the grace period of the engine, and removes them.
    func end(_ names: [String]) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for name in names {
                group.addTask {
                    try await stop(name)
                    try await remove(name)
                }
            }
        }
    }

    /// Measures what a container uses.
    ///
    /// - Returns: `nil` if there is no such container.
    func statistics(of name: String, within limit: Duration) async throws -> EngineStatistics? {
        try await unlessMissing {
            // Without the second parameter, the engine would take a second sample a second later.
            try await send(
                .get("/containers/\(name)/stats", [("stream", "false"), ("one-shot", "true")]), within: limit)
        }
    }

    /// Returns the output of a container as a stream of frames with time stamps.
    ///
    /// - Parameter since: the time stamp from which on output is wanted, as the engine wrote it; `nil` for all output.
    func output(of name: String, since: String?) -> Request {
        var query = [("follow", "true"), ("stdout", "true"), ("stderr", "true"), ("timestamps", "true")]
        if let since { query.append(("since", since)) }
        return .get("/containers/\(name)/logs", query)
    }

    /// Returns the stream of events of the containers with the given labels that say that a container ended or was removed, or that
    /// its health changed. A container is looked at after its start in any case.
    func events(with labels: [String: String]) throws -> Request {
        .get(
            "/events",
            [("filters", try Self.filters(labels, ["type": ["container"], "event": Self.events]))])
    }

    /// The stream of all events of images.
    var imageEvents: Request { .get("/events", [("filters", #"{"type":["image"]}"#)]) }

    /// The words of Docker and of Podman.
    private static let events = ["die", "died", "destroy", "remove", "health_status"]

    private static func filters(_ labels: [String: String], _ others: [String: [String]] = [:]) throws -> String {
        var filters = others
        filters["label"] = labels.map { "\($0.key)=\($0.value)" }.sorted()
        return String(decoding: try JSONEncoder().encode(filters), as: UTF8.self)
    }

    /// Returns `nil` if a request fails because its object does not exist.
    func unlessMissing<Value>(_ body: () async throws -> Value) async throws -> Value? {
        do {
            return try await body()
        } catch let error as EngineError where error.isNotFound {
            return nil
        }
    }
}
