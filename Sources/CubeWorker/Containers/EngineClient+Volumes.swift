import CubeCore

extension EngineClient {
    /// A volume, as `GET /volumes/{name}` describes it.
    struct Volume: Decodable, Sendable {
        var labels: [String: String]?
    }

    /// Describes a volume.
    ///
    /// - Returns: `nil` if there is no such volume.
    func volume(_ name: String) async throws -> Volume? {
        try await unlessMissing { try await send(.get("/volumes/\(name)")) }
    }

    /// Creates a volume. A volume of this name that exists already stays as it is.
    func create(_ volume: NodeVolume) async throws {
        struct Creation: Encodable {
            var name: String
            var labels: [String: String]
        }
        try await send(
            .post("/volumes/create", json: Creation(name: volume.name, labels: volume.labels)), within: Self.slowLimit)
    }

    /// Removes a volume with its data. A missing volume is no error.
    ///
    /// - Throws: `EngineError`, for which ``EngineError/isConflict`` is true if a container has the volume.
    func removeVolume(_ name: String) async throws {
        _ = try await unlessMissing { try await send(.delete("/volumes/\(name)"), within: Self.slowLimit) }
    }
}
