import CubeSystem
import Glibc
package import SystemPackage

/// Whether this user can use the container engine of the machine.
package enum EngineAccess: Hashable, Sendable {
    /// No socket exists at the usual places.
    case absent
    /// A socket exists, and this user may not use it.
    case forbidden(socket: String)
    /// The engine does not respond, or not as an engine does.
    case failing(cause: String)
    /// The engine responds.
    case available(socket: String, version: String)

    /// Asks the engine.
    ///
    /// - Parameter socket: the socket of the engine; defaults to the first of the usual ones.
    package static func measure(_ socket: FilePath?) async -> EngineAccess {
        let path = socket?.string ?? EngineSocket.usual
        guard access(path, F_OK) == 0 else {
            return socket == nil ? .absent : .failing(cause: "there is no socket at \(path)")
        }
        guard access(path, W_OK) == 0 else { return .forbidden(socket: path) }
        do {
            let engine = try await EngineClient(socket: path, clock: BootClock.timer).identify()
            return .available(socket: path, version: "\(engine.version)")
        } catch {
            return .failing(cause: "\(error)")
        }
    }
}
