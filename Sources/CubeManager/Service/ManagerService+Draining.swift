import CubeCore
import CubeErrors
package import CubeTypes

// MARK: - Nodes without new tasks

extension ManagerService {
    package func cordon(_ name: NodeName) async throws -> NodeInfo {
        try await write { (transaction) throws(APIError) in try transaction.cordon(name) }
        return try await node(name)
    }

    /// Uncordons a node, and ends its drain.
    package func uncordon(_ name: NodeName) async throws -> NodeInfo {
        try await write { (transaction) throws(APIError) in try transaction.uncordon(name) }
        return try await node(name)
    }

    package func drain(_ name: NodeName, _ request: DrainRequest) async throws -> NodeDrain {
        try await write { (transaction) throws(APIError) in try transaction.drain(name, request) }
        return try await drain(of: name)
    }

    /// Returns what is left to do of the drain of a node, or what a drain would do.
    ///
    /// - Parameters:
    ///   - request: The drain to forecast, if the node is not being drained.
    ///   - since: The revision of the last response; `nil` returns the drain at once. If a task or a node may have changed after this
    ///     revision, the call returns at once, too.
    ///   - wait: How long to wait for a change after `since`.
    package func drain(
        of name: NodeName, otherwise request: DrainRequest = DrainRequest(), since: Int? = nil, wait: Duration = .zero
    ) async throws -> NodeDrain {
        _ = try record(of: name)
        // A revision in the future belongs to another history, such as that of a store before its restoration.
        if let since, since <= state.revision {
            _ = try await self.wait(for: .drains, upTo: wait) { drainsRevision > since ? true : nil }
        }
        return state.drain(of: try record(of: name), otherwise: request, at: moment())
    }
}
