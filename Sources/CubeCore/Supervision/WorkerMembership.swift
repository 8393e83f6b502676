package import CubeTypes

/// The cluster that a worker belongs to, and the highest term of its manager that the worker has accepted.
package struct WorkerMembership: Codable, Hashable, Sendable {
    package var cluster: ClusterID?
    package var term: Int
    /// The number of tasks that the worker took by their definitions alone, in a cluster of its own; `nil` in a manager's cluster.
    package var submitted: Int?

    package init(cluster: ClusterID? = nil, term: Int = 0, submitted: Int? = nil) {
        self.cluster = cluster
        self.term = term
        self.submitted = submitted
    }

    /// Whether the worker stands alone, in a cluster that it founded itself.
    package var isAlone: Bool { cluster?.isOfWorker == true }
}
