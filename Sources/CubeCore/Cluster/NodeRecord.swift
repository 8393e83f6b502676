package import CubeTypes

/// The manager's record of a node.
package struct NodeRecord: Hashable, Codable, Sendable {
    package enum Presence: String, Codable, Sendable {
        /// The worker has registered, but has not listed its tasks yet.
        case joining
        case ready
        case silent
    }

    /// The information with which the worker registered.
    package var worker: WorkerInfo
    /// The revision of the last registration that changed ``worker``.
    package var registeredRevision: Int
    package var presence = Presence.joining
    /// Whether the node receives no new tasks on request.
    package var isCordoned = false
    /// The order to drain the node; `nil` if it keeps its tasks. A node that is being drained is cordoned.
    package var drain: DrainOrder?
    package var revision: Int

    private enum CodingKeys: String, CodingKey {
        case worker, registeredRevision, presence, drain, revision
        // Earlier versions could only cordon a node, and called it draining.
        case isCordoned = "isDraining"
    }

    package init(worker: WorkerInfo, revision: Int) {
        self.worker = worker
        registeredRevision = revision
        self.revision = revision
    }

    /// The host at which the tasks of the node are reached: the host of the worker's address, or this machine if the address is a
    /// Unix socket.
    package var host: String { worker.host }

    package var takesTasks: Bool { presence == .ready && !isCordoned }

    /// The state of the node as far as placement is concerned.
    ///
    /// - Parameter isOverdue: whether the worker has not responded for a while. The node gets no tasks then.
    func standing(isOverdue: Bool) -> WorkerState { takesTasks && isOverdue ? .silent : state }

    package var state: WorkerState {
        switch presence {
        case .silent: .silent
        case .joining: .joining
        case .ready: drain != nil ? .draining : isCordoned ? .cordoned : .ready
        }
    }
}

extension WorkerInfo {
    /// The host of the worker's address, at which its tasks are reached too.
    package var host: String {
        if case .tcp(let host, _) = Endpoint(rawValue: url)?.address { host } else { "127.0.0.1" }
    }
}
