import CubeSystem
package import SystemPackage

/// What a container engine runs, in its own words.
package struct EngineInventory: Sendable {
    /// The descriptions of the running containers (`GET /containers/{id}/json`), in no particular order.
    package let containers: [[UInt8]]
    /// The descriptions of their images (`GET /images/{id}/json`) by ID. An image that was removed is missing.
    package let images: [String: [UInt8]]

    /// Asks the engine of this machine.
    ///
    /// - Parameter socket: the socket of the engine; defaults to the usual ones.
    /// - Throws: if the engine does not respond.
    package static func read(socket: FilePath?) async throws -> EngineInventory {
        struct Entry: Decodable, Sendable {
            var id: String
            var imageID: String
        }
        let engine = EngineClient(socket: socket?.string ?? EngineSocket.usual, clock: BootClock.timer)
        let entries: [Entry] = try await engine.send(.get("/containers/json"))
        var containers: [[UInt8]] = []
        var images: [String: [UInt8]] = [:]
        for entry in entries {
            // A container that ended since is not running.
            guard
                let bytes = try await engine.unlessMissing({
                    try await engine.send(.get("/containers/\(entry.id)/json"))
                })
            else { continue }
            containers.append(bytes)
            if images[entry.imageID] == nil {
                images[entry.imageID] = try await engine.unlessMissing {
                    try await engine.send(.get("/images/\(entry.imageID)/json"))
                }
            }
        }
        return EngineInventory(containers: containers, images: images)
    }
}
