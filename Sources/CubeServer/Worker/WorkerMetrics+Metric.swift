import CubeTypes

extension WorkerMetrics {
    /// The metrics in Prometheus form.
    var metrics: [Metric] {
        [
            Metric("cube_node_cores", "Number of cores of the machine.", Double(cores)),
            Metric("cube_node_load1", "Load average over one minute.", load),
            Metric(
                "cube_node_cpu_seconds_total", "Time that the cores of the machine were busy.", kind: .counter,
                cpuSeconds),
            Metric("cube_node_memory_total_bytes", "Memory of the machine.", Double(memoryTotalBytes)),
            Metric(
                "cube_node_memory_available_bytes", "Available memory of the machine.", Double(memoryAvailableBytes)),
            Metric(
                "cube_node_disk_total_bytes", "Size of the file system that contains the worker's directory.",
                Double(diskTotalBytes)),
            Metric("cube_node_disk_available_bytes", "Free space of that file system.", Double(diskAvailableBytes)),
            counter("cube_node_disk_read_bytes_total", "Bytes read from the disks of the machine.", diskReadBytes),
            counter(
                "cube_node_disk_written_bytes_total", "Bytes written to the disks of the machine.", diskWrittenBytes),
            counter(
                "cube_node_network_received_bytes_total", "Bytes received by the machine, without virtual interfaces.",
                networkReceivedBytes),
            counter(
                "cube_node_network_sent_bytes_total", "Bytes sent by the machine, without virtual interfaces.",
                networkSentBytes),
            Metric("cube_node_uptime_seconds", "Uptime of the machine.", Double(uptimeSeconds)),
            task("cube_task_processes", "Number of processes of a task.") { Double($0.processes) },
            task("cube_task_cpu_seconds_total", "CPU time used by a task.", kind: .counter, \.cpuSeconds),
            task("cube_task_memory_bytes", "Memory in use by a task.") { Double($0.memoryBytes) },
            task("cube_task_memory_limit_bytes", "Memory limit of a task.") { $0.memoryLimitBytes.map(Double.init) },
            task("cube_task_disk_read_bytes_total", "Bytes read from disks by a task.", kind: .counter) {
                $0.diskReadBytes.map(Double.init)
            },
            task("cube_task_disk_written_bytes_total", "Bytes written to disks by a task.", kind: .counter) {
                $0.diskWrittenBytes.map(Double.init)
            },
            task("cube_task_network_received_bytes_total", "Bytes received by a task.", kind: .counter) {
                $0.networkReceivedBytes.map(Double.init)
            },
            task("cube_task_network_sent_bytes_total", "Bytes sent by a task.", kind: .counter) {
                $0.networkSentBytes.map(Double.init)
            },
        ]
    }

    private func counter(_ name: String, _ help: String, _ value: Int) -> Metric {
        Metric(name, help, kind: .counter, Double(value))
    }

    /// A metric with one value for each task that has one.
    private func task(
        _ name: String, _ help: String, kind: Metric.Kind = .gauge, _ figure: (TaskMetrics) -> Double?
    ) -> Metric {
        Metric(
            name, help, kind: kind,
            samples: tasks.compactMap { task in
                figure(task).map { value in
                    Metric.Sample(
                        labels: [
                            ("owner", task.owner.rawValue), ("name", task.name.rawValue),
                            ("ordinal", "\(task.ordinal)"),
                            ("task", task.id.rawValue),
                        ], value: value)
                }
            })
    }
}
