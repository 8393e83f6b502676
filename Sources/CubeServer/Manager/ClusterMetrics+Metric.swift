import CubeTypes

extension ClusterMetrics {
    /// The same figures, as a monitoring system reads them.
    var metrics: [Metric] {
        [
            Metric("cube_tasks", "Tasks by state.", by: "state", tasks.mapValues(Double.init)),
            Metric("cube_nodes", "Nodes by state.", by: "state", nodes.mapValues(Double.init)),
            Metric("cube_owners", "Owners that are known.", Double(owners)),
            Metric("cube_revision", "Revision of the cluster's state.", kind: .counter, Double(revision)),
            Metric("cube_term", "Incarnation of the manager.", kind: .counter, Double(term)),
            Metric("cube_capacity_cores", "Cores of all ready nodes.", Double(capacityMillicores) / 1000),
            Metric("cube_capacity_memory_bytes", "Memory of all ready nodes.", Double(capacityMemoryBytes)),
            Metric("cube_capacity_disk_bytes", "Disk of all ready nodes.", Double(capacityDiskBytes)),
            Metric("cube_reserved_cores", "Cores that tasks reserve.", Double(reservedMillicores) / 1000),
            Metric("cube_reserved_memory_bytes", "Memory that tasks reserve.", Double(reservedMemoryBytes)),
            Metric("cube_reserved_disk_bytes", "Disk that tasks reserve.", Double(reservedDiskBytes)),
        ]
    }
}
