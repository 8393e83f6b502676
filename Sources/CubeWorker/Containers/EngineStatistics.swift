import CubeTypes

/// What a container uses, as `GET /containers/{id}/stats` describes it. Which parts there are depends on the control groups of the
/// machine and on the engine.
struct EngineStatistics: Decodable, Sendable {
    private var cpu: Processor?
    private var memory: Memory?
    private var blocks: Blocks?
    private var networks: [String: Interface]?
    private var processes: Processes?

    private enum CodingKeys: String, CodingKey {
        case networks
        case cpu = "cpu_stats"
        case memory = "memory_stats"
        case blocks = "blkio_stats"
        case processes = "pids_stats"
    }

    private struct Processor: Decodable {
        var usage: Usage?

        enum CodingKeys: String, CodingKey { case usage = "cpu_usage" }

        struct Usage: Decodable {
            /// In nanoseconds.
            var total: Int?

            enum CodingKeys: String, CodingKey { case total = "total_usage" }
        }
    }

    private struct Memory: Decodable {
        var usage: Int?
        var limit: Int?
        var stats: [String: Int]?
    }

    private struct Blocks: Decodable {
        var entries: [Entry]?

        enum CodingKeys: String, CodingKey { case entries = "io_service_bytes_recursive" }

        struct Entry: Decodable {
            var op: String
            var value: Int
        }
    }

    private struct Interface: Decodable {
        var received: Int
        var sent: Int

        enum CodingKeys: String, CodingKey {
            case received = "rx_bytes"
            case sent = "tx_bytes"
        }
    }

    private struct Processes: Decodable { var current: Int? }

    /// Returns the usage of the container's run.
    ///
    /// - Parameter machineMemory: the memory of the machine, in bytes.
    func usage(machineMemory: Int) -> RunUsage {
        var usage = RunUsage()
        // Threads count here too.
        usage.processes = processes?.current ?? 0
        usage.cpuSeconds = Double(cpu?.usage?.total ?? 0) / 1e9
        // The kernel takes back file pages that were not used lately whenever it needs memory, so `docker stats` leaves them out too.
        // The first name is that of control groups version 1, the second that of version 2.
        let reclaimable = memory?.stats?["total_inactive_file"] ?? memory?.stats?["inactive_file"] ?? 0
        usage.memoryBytes = max((memory?.usage ?? 0) - reclaimable, 0)
        // Without a limit, the engine says how much memory the machine has, or a number beyond it.
        if let limit = memory?.limit, limit > 0, limit < machineMemory { usage.memoryLimitBytes = limit }
        usage.disk = blocks?.entries.map { entries in
            entries.reduce(into: Transfer()) { sum, entry in
                switch entry.op.lowercased() {
                case "read": sum.incoming += entry.value
                case "write": sum.outgoing += entry.value
                default: break
                }
            }
        }
        usage.network = networks.map { networks in
            networks.values.reduce(into: Transfer()) { $0 += Transfer(incoming: $1.received, outgoing: $1.sent) }
        }
        return usage
    }
}
