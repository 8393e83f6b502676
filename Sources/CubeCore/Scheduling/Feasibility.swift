import CubeTypes

/// The nodes that can run a task, or the reason why none can.
///
/// The message of the cause contains no amounts that are free at the moment, so that it stays the same while other tasks come and
/// go.
package enum Feasibility: Hashable, Sendable {
    /// At least one node can run the task.
    case feasible([Candidate])
    case infeasible(PendingCause)

    /// - Parameter others: the nodes that currently accept no tasks. A cause names the nodes among them that could run the task.
    package init(
        of demand: Demand, on candidates: [Candidate], besides others: @autoclosure () -> [UnavailableNode] = []
    ) {
        guard !candidates.isEmpty else {
            let message = Self.message("no node is ready to take tasks", others())
            self = .infeasible(PendingCause(reason: .noNode, message: message))
            return
        }
        let running = candidates.filter { $0.runtimes.contains(demand.runtime) }
        guard !running.isEmpty else {
            let others = others().filter { $0.runtimes.contains(demand.runtime) }
            let message =
                others.isEmpty
                ? Self.runtimeMessage(demand.runtime) : Self.message("no other node can run the task", others)
            self = .infeasible(PendingCause(reason: .noRuntime, message: message))
            return
        }
        let matching = running.filter { demand.constraints.match($0.labels) }
        guard !matching.isEmpty else {
            let others = others().filter {
                $0.runtimes.contains(demand.runtime) && demand.constraints.match($0.labels)
            }
            let message =
                others.isEmpty
                ? "no node that could run the task has \(demand.constraints.text)"
                : Self.message("no other node has \(demand.constraints.text)", others)
            self = .infeasible(PendingCause(reason: .noMatch, message: message))
            return
        }
        let roomy = matching.filter { $0.free.covers(demand.resources) }
        guard !roomy.isEmpty else {
            self = .infeasible(PendingCause(reason: .noCapacity, message: Self.capacityMessage(demand, matching)))
            return
        }
        let open = roomy.filter { $0.hasPorts(for: demand) }
        guard !open.isEmpty else {
            self = .infeasible(PendingCause(reason: .portTaken, message: Self.portMessage(demand)))
            return
        }
        self = .feasible(open)
    }

    /// Returns a message that names the nodes that could run the task if they accepted tasks: `node w1 is draining; no other
    /// node has disk=fast`.
    private static func message(_ rest: String, _ others: [UnavailableNode]) -> String {
        guard !others.isEmpty else { return rest }
        let named = others.sorted { $0.name < $1.name }.prefix(3).map { "node \($0.name) is \($0.state)" }
        let more = others.count > named.count ? " (and \(others.count - named.count) more)" : ""
        return "\(named.joined(separator: ", "))\(more); \(rest)"
    }

    private static func runtimeMessage(_ runtime: String) -> String {
        runtime == RuntimeKind.process.rawValue
            ? "no node can run processes"
            : "no node has a container engine, which \"image\" needs; without \"image\", the command runs as a process"
    }

    private static func portMessage(_ demand: Demand) -> String {
        let ports = demand.hostPorts.map { "\($0.number)/\($0.transport)" }.sorted().joined(separator: ", ")
        return ports.isEmpty
            ? "no node with enough free resources has a free port to allocate"
            : "the task needs port \(ports), which is in use on every node with enough free resources; it is placed when the "
                + "port is free"
    }

    private static func capacityMessage(_ demand: Demand, _ matching: [Candidate]) -> String {
        let needs = "the task needs \(demand.resources.text)"
        return matching.contains { $0.capacity.covers(demand.resources) }
            ? "\(needs), which no node has free now; it is placed when a node has enough"
            : "\(needs), more than any node has"
    }
}

extension PlacementConstraints {
    func match(_ nodeLabels: [String: String]) -> Bool {
        labels.allSatisfy { nodeLabels[$0.key] == $0.value } && not.allSatisfy { nodeLabels[$0.key] != $0.value }
    }

    /// The constraints in words: `zone=a and not disk=slow`.
    fileprivate var text: String {
        let wanted = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let unwanted = not.sorted { $0.key < $1.key }.map { "not \($0.key)=\($0.value)" }
        return (wanted + unwanted).joined(separator: " and ")
    }
}

extension ResourceSpec {
    /// The nonzero amounts in words, such as `0.5 cores and 128 MiB of memory`.
    fileprivate var text: String {
        var parts: [String] = []
        if millicores > 0 {
            let whole = millicores.isMultiple(of: 1000)
            let cores = whole ? "\(millicores / 1000)" : "\(Double(millicores) / 1000)"
            parts.append("\(cores) \(millicores == 1000 ? "core" : "cores")")
        }
        if memory > 0 { parts.append("\(Self.text(memory)) of memory") }
        if disk > 0 { parts.append("\(Self.text(disk)) of disk") }
        return parts.isEmpty ? "nothing" : parts.joined(separator: " and ")
    }

    /// Formats a size in the largest unit in which it is a whole number, as in manifests.
    private static func text(_ bytes: Int) -> String {
        var (value, unit) = (bytes, "bytes")
        for larger in ["KiB", "MiB", "GiB", "TiB"] where value > 0 && value % 1024 == 0 {
            guard unit == "bytes" || value >= 1024 else { break }
            (value, unit) = (value / 1024, larger)
        }
        return "\(value) \(value == 1 && unit == "bytes" ? "byte" : unit)"
    }
}
