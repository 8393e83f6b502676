package import CubeTypes

/// Whom a certificate of a cluster identifies: its manager, or the worker of a node.
///
/// A certificate contains the name twice: as a URI, which says the cluster and the role, and as a DNS name, by which a client
/// connects. The DNS name does not depend on addresses, so a connection can be verified wherever the other side runs.
package enum CertificateName: Hashable, Sendable {
    case manager(ClusterID)
    case worker(ClusterID, NodeName)

    /// The DNS name in the manager's certificate. It is never resolved.
    package static let managerHost = "manager.cube.internal"

    /// The DNS name in the certificate of a node's worker. It is never resolved.
    package static func host(of node: NodeName) -> String { "\(node).node.cube.internal" }

    private static let scheme = "cube://"

    package var cluster: ClusterID {
        switch self {
        case .manager(let cluster), .worker(let cluster, _): cluster
        }
    }

    /// The node of a worker; `nil` for a manager.
    package var node: NodeName? {
        if case .worker(_, let node) = self { node } else { nil }
    }

    package var host: String {
        switch self {
        case .manager: Self.managerHost
        case .worker(_, let node): Self.host(of: node)
        }
    }

    /// `cube://CLUSTER/manager`, or `cube://CLUSTER/worker/NODE`.
    package var uri: String {
        switch self {
        case .manager(let cluster): "\(Self.scheme)\(cluster)/manager"
        case .worker(let cluster, let node): "\(Self.scheme)\(cluster)/worker/\(node)"
        }
    }

    package init?(uri: String) {
        guard uri.hasPrefix(Self.scheme) else { return nil }
        let parts = uri.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        guard let cluster = parts.first.flatMap({ ClusterID(rawValue: String($0)) }) else { return nil }
        if parts.count == 2, parts[1] == "manager" {
            self = .manager(cluster)
        } else if parts.count == 3, parts[1] == "worker", let node = NodeName(rawValue: String(parts[2])) {
            self = .worker(cluster, node)
        } else {
            return nil
        }
    }
}

extension CertificateName: CustomStringConvertible {
    package var description: String {
        switch self {
        case .manager(let cluster): "the manager of cluster \(cluster)"
        case .worker(let cluster, let node): "worker \(node) of cluster \(cluster)"
        }
    }
}
