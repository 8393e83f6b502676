import CubeTypes

extension WorkerMetrics {
    /// The metrics in Prometheus form.
    var metrics: [Metric] {
        [
            Metric("cube_node_cores", "Number of cores of the machine.", Double(cores)),
            Metric("cube_node_load1", "Load average over one minute.", load),
            Metric("cube_node_memory_total_bytes", "Memory of the machine.", Double(memoryTotalBytes)),
            Metric(
                "cube_node_memory_available_bytes", "Available memory of the machine.", Double(memoryAvailableBytes)),
            Metric(
                "cube_node_disk_total_bytes", "Size of the file system that contains the worker's directory.",
                Double(diskTotalBytes)),
            Metric("cube_node_disk_available_bytes", "Free space of that file system.", Double(diskAvailableBytes)),
            Metric("cube_node_uptime_seconds", "Uptime of the machine.", Double(uptimeSeconds)),
            task("cube_task_processes", "Number of processes of a task.") { Double($0.processes) },
            task(
                "cube_task_cpu_seconds_total", "CPU time used by the processes of a task.", kind: .counter, \.cpuSeconds
            ),
            task("cube_task_memory_bytes", "Resident memory of the processes of a task.") { Double($0.memoryBytes) },
        ]
    }

    private func task(
        _ name: String, _ help: String, kind: Metric.Kind = .gauge, _ figure: (TaskMetrics) -> Double
    ) -> Metric {
        let values = tasks.map { ($0.id.rawValue, figure($0)) }
        return Metric(name, help, kind: kind, by: "task", Dictionary(values) { first, _ in first })
    }
}
