package import CubeTypes

/// A node, as the manager keeps it.
package struct NodeRecord: Hashable, Codable, Sendable {
    package enum Presence: String, Codable, Sendable {
        /// Registered; it has not told its tasks yet.
        case joining
        case ready
        case silent
    }

    /// What it registered with.
    package var worker: WorkerInfo
    /// The revision since which it stands so.
    package var registeredRevision: Int
    package var presence = Presence.joining
    package var isDraining = false
    package var revision: Int

    package init(worker: WorkerInfo, revision: Int) {
        self.worker = worker
        registeredRevision = revision
        self.revision = revision
    }

    /// Where its tasks are reached: the host that it advertises, which is this machine where that is a Unix socket.
    package var host: String { worker.host }

    package var takesTasks: Bool { presence == .ready && !isDraining }

    package var state: WorkerState {
        switch presence {
        case .silent: .silent
        case .joining: .joining
        case .ready: isDraining ? .draining : .ready
        }
    }
}

extension WorkerInfo {
    /// The host of its address, where its tasks are reached too.
    package var host: String {
        if case .tcp(let host, _) = Endpoint(rawValue: url)?.address { host } else { "127.0.0.1" }
    }
}
