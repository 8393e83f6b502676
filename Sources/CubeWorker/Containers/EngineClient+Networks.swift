import CubeCore

extension EngineClient {
    private struct Network: Decodable { var labels: [String: String]? }

    /// Creates a network unless it exists.
    ///
    /// - Throws: `StartRefusal` if a network of that name belongs to someone else.
    func create(_ network: ContainerNetwork) async throws {
        struct Creation: Encodable {
            var name: String
            var checkDuplicate = true
            var driver = "bridge"
            var labels: [String: String]
        }
        if try await isOwn(network) { return }
        do {
            let body = Creation(name: network.name, labels: network.labels)
            try await send(try .post("/networks/create", json: body), within: Self.slowLimit)
        } catch let error as EngineError where error.isConflict {
            // It was created by a request whose response was lost.
        }
    }

    /// Whether a network exists.
    private func isOwn(_ network: ContainerNetwork) async throws -> Bool {
        guard let found: Network = try await unlessMissing({ try await send(.get("/networks/\(network.name)")) }) else {
            return false
        }
        guard !network.isForeign(found.labels) else {
            throw StartRefusal(description: "the network \(network.name) exists and was not created by this worker")
        }
        return true
    }

    /// Connects a container with a network. A container that is connected already stays as it is.
    func connect(_ container: String, to network: String, aliases: [String]) async throws {
        struct Connection: Encodable {
            var container: String
            var endpointConfig: NetworkEndpoint
        }
        let body = Connection(container: container, endpointConfig: NetworkEndpoint(aliases: aliases))
        do {
            try await send(try .post("/networks/\(network)/connect", json: body), within: Self.slowLimit)
        } catch EngineError.refused(403, let message) where message.contains("already exists") {
            // Docker says it with this status.
        } catch EngineError.refused(_, let message) where message.contains("already connected") {
            // Podman says it with these words.
        }
    }

    /// Removes a network. A network that is missing, is in use or belongs to someone else stays as it is.
    func remove(_ network: ContainerNetwork) async throws {
        do {
            guard try await isOwn(network) else { return }
            try await send(.delete("/networks/\(network.name)"), within: Self.slowLimit)
        } catch is StartRefusal {
        } catch EngineError.refused {
            // Another container uses it.
        }
    }
}
