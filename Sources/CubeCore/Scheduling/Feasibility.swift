import CubeTypes

/// Which nodes can run a task, or why none can.
///
/// The cause depends on the nodes and the demand alone, never on what is free at the moment, so that it stays the same
/// while others come and go.
package enum Feasibility: Hashable, Sendable {
    /// At least one.
    case feasible([Candidate])
    case infeasible(PendingCause)

    /// - Parameter others: the nodes that take no tasks now; a cause names those of them that could run the task.
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
                others.isEmpty ? Self.runtimeMessage(demand.runtime) : Self.message("no other node can run it", others)
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
                ? "no node that could run it has \(demand.constraints.text)"
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

    /// Names the nodes that would do if they took tasks: `node w1 is draining; no other node has disk=fast`.
    private static func message(_ rest: String, _ others: [UnavailableNode]) -> String {
        guard !others.isEmpty else { return rest }
        let named = others.sorted { $0.name < $1.name }.prefix(3).map { "node \($0.name) is \($0.state)" }
        let more = others.count > named.count ? " (and \(others.count - named.count) more)" : ""
        return "\(named.joined(separator: ", "))\(more); \(rest)"
    }

    private static func runtimeMessage(_ runtime: String) -> String {
        runtime == "process"
            ? "no node runs processes"
            : "\"image\" needs a container engine, and no node has one; without \"image\" the command runs as a process"
    }

    private static func portMessage(_ demand: Demand) -> String {
        let ports = demand.hostPorts.map { "\($0.number)/\($0.transport)" }.sorted().joined(separator: ", ")
        return ports.isEmpty
            ? "no node with room for it has a port left to allocate"
            : "it needs port \(ports), which other tasks have on every node with room for it; it is placed when they end"
    }

    private static func capacityMessage(_ demand: Demand, _ matching: [Candidate]) -> String {
        let needs = "it needs \(demand.resources.text)"
        return matching.contains { $0.capacity.covers(demand.resources) }
            ? "\(needs), which no node has free now; it is placed when room is made"
            : "\(needs), more than any node has"
    }
}

extension PlacementConstraints {
    func match(_ nodeLabels: [String: String]) -> Bool {
        labels.allSatisfy { nodeLabels[$0.key] == $0.value } && not.allSatisfy { nodeLabels[$0.key] != $0.value }
    }

    /// For a person: `zone=a and not disk=slow`.
    fileprivate var text: String {
        let wanted = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let unwanted = not.sorted { $0.key < $1.key }.map { "not \($0.key)=\($0.value)" }
        return (wanted + unwanted).joined(separator: " and ")
    }
}

extension ResourceSpec {
    /// For a person: what is asked for at all, such as `0.5 cores and 128 MiB of memory`.
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

    /// In the largest unit that has no fraction, as manifests say it.
    private static func text(_ bytes: Int) -> String {
        var (value, unit) = (bytes, "bytes")
        for larger in ["KiB", "MiB", "GiB", "TiB"] where value > 0 && value % 1024 == 0 {
            guard unit == "bytes" || value >= 1024 else { break }
            (value, unit) = (value / 1024, larger)
        }
        return "\(value) \(value == 1 && unit == "bytes" ? "byte" : unit)"
    }
}
