package import CubeTypes

/// The cluster that a worker belongs to, and the highest term of its manager that the worker has accepted.
package struct WorkerMembership: Codable, Hashable, Sendable {
    package var cluster: ClusterID?
    package var term: Int
    /// The number of tasks that were submitted to the standalone worker as definitions; `nil` in a manager's cluster.
    package var submitted: Int?

    package init(cluster: ClusterID? = nil, term: Int = 0, submitted: Int? = nil) {
        self.cluster = cluster
        self.term = term
        self.submitted = submitted
    }

    /// Whether the worker is standalone, in a cluster that it created for itself.
    package var isAlone: Bool { cluster?.isOfWorker == true }
}
