import CubeErrors
import CubeTransport
public import CubeTypes

// MARK: - Nodes without new tasks

extension ManagerClient {
    /// Cordons a node: the manager places no new tasks on it. Its running tasks continue. ``uncordon(_:)`` reverses this.
    ///
    /// - Throws: `worker_not_found`.
    @discardableResult
    public func cordon(_ name: NodeName) async throws -> NodeInfo {
        try await transport.send(
            TransportRequest(.post, Self.path("workers", name.rawValue, "cordon"), isIdempotent: true))
    }

    /// Uncordons a node, so that the manager places new tasks on it again, and ends its drain. Tasks that were moved stay where they
    /// are.
    ///
    /// - Throws: `worker_not_found`.
    @discardableResult
    public func uncordon(_ name: NodeName) async throws -> NodeInfo {
        try await transport.send(TransportRequest(.delete, Self.path("workers", name.rawValue, "cordon")))
    }

    /// Drains a node: cordons it, and moves its tasks to other nodes, within the limits of the update policies of their workloads.
    ///
    /// The manager continues the drain until the node is uncordoned. Tasks that fit on no other node stay until one has room. Use
    /// ``drain(of:evictingJobs:since:wait:)`` to follow the drain.
    ///
    /// - Returns: what is left to do.
    /// - Throws: `worker_not_found`.
    @discardableResult
    public func drain(_ name: NodeName, with request: DrainRequest = DrainRequest()) async throws -> NodeDrain {
        try await transport.send(
            TransportRequest(
                .post, Self.path("workers", name.rawValue, "drain"), body: request, isIdempotent: true))
    }

    /// Returns what is left to do of the drain of a node, or what a drain would do now.
    ///
    /// To follow a drain, call it again and again, each time with the `revision` of the last response and a `wait`.
    ///
    /// - Parameters:
    ///   - name: the node.
    ///   - evictsJobs: whether the forecast evicts jobs too, if the node is not being drained.
    ///   - since: the `revision` of the last response. The manager responds at once if a task or a node may have changed after it.
    ///   - wait: how long the manager waits for a change after `since`.
    /// - Throws: `worker_not_found`.
    public func drain(
        of name: NodeName, evictingJobs evictsJobs: Bool = false, since: Int? = nil, wait: Duration = .zero
    ) async throws -> NodeDrain {
        try await transport.send(
            TransportRequest(
                .get, Self.path("workers", name.rawValue, "drain"), query: ["jobs": evictsJobs, "since": since],
                wait: since == nil ? nil : wait))
    }
}
