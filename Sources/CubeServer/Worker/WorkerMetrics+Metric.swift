import CubeTypes

extension WorkerMetrics {
    /// The same figures, as a monitoring system reads them.
    var metrics: [Metric] {
        [
            Metric("cube_node_cores", "Cores of the machine.", Double(cores)),
            Metric("cube_node_load1", "Load average of one minute.", load),
            Metric("cube_node_memory_total_bytes", "Memory of the machine.", Double(memoryTotalBytes)),
            Metric("cube_node_memory_available_bytes", "Memory that is available.", Double(memoryAvailableBytes)),
            Metric("cube_node_disk_total_bytes", "Size of the worker's file system.", Double(diskTotalBytes)),
            Metric("cube_node_disk_available_bytes", "What is free of it.", Double(diskAvailableBytes)),
            Metric("cube_node_uptime_seconds", "Time since the machine started.", Double(uptimeSeconds)),
            task("cube_task_processes", "Processes of a task.") { Double($0.processes) },
            task("cube_task_cpu_seconds_total", "Processor time of a task's processes.", kind: .counter, \.cpuSeconds),
            task("cube_task_memory_bytes", "Resident memory of a task's processes.") { Double($0.memoryBytes) },
        ]
    }

    private func task(
        _ name: String, _ help: String, kind: Metric.Kind = .gauge, _ figure: (TaskMetrics) -> Double
    ) -> Metric {
        let values = tasks.map { ($0.id.rawValue, figure($0)) }
        return Metric(name, help, kind: kind, by: "task", Dictionary(values) { first, _ in first })
    }
}
