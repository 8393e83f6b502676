import CubeTypes

extension ClusterMetrics {
    /// The metrics in Prometheus form.
    var metrics: [Metric] {
        [
            Metric("cube_tasks", "Number of tasks by state.", by: "state", tasks.mapValues(Double.init)),
            Metric("cube_nodes", "Number of nodes by state.", by: "state", nodes.mapValues(Double.init)),
            Metric("cube_owners", "Number of owners.", Double(owners)),
            Metric("cube_revision", "Revision of the cluster state.", kind: .counter, Double(revision)),
            Metric("cube_term", "Term of the manager.", kind: .counter, Double(term)),
            Metric("cube_capacity_cores", "Total cores of the ready nodes.", Double(capacityMillicores) / 1000),
            Metric("cube_capacity_memory_bytes", "Total memory of the ready nodes.", Double(capacityMemoryBytes)),
            Metric("cube_capacity_disk_bytes", "Total disk space of the ready nodes.", Double(capacityDiskBytes)),
            Metric("cube_reserved_cores", "Cores reserved by tasks.", Double(reservedMillicores) / 1000),
            Metric("cube_reserved_memory_bytes", "Memory reserved by tasks.", Double(reservedMemoryBytes)),
            Metric("cube_reserved_disk_bytes", "Disk space reserved by tasks.", Double(reservedDiskBytes)),
        ]
    }
}
