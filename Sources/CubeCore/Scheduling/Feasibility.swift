import CubeTypes

/// The nodes that can run a task, or the reason why none can.
///
/// The message of the cause contains neither amounts that are free at the moment nor numbers of nodes that have room, so that it
/// stays the same while other tasks come and go.
package enum Feasibility: Hashable, Sendable {
    /// At least one node can run the task.
    case feasible([Candidate])
    case infeasible(PendingCause)

    /// - Parameters:
    ///   - others: the nodes that currently accept no tasks. A cause names the nodes among them that could run the task.
    ///   - bound: the volumes of the demand that exist. Only the node that has them can run the task.
    package init(
        of demand: Demand, on candidates: [Candidate], besides others: @autoclosure () -> [UnavailableNode] = [],
        bound: [VolumeRecord] = []
    ) {
        guard let volume = bound.first else {
            self.init(of: demand, onAny: candidates, besides: others())
            return
        }
        if let message = Self.volumeMessage(bound, candidates, others()) {
            self = .infeasible(PendingCause(reason: .volumeUnavailable, message: message))
            return
        }
        self.init(of: demand, onAny: candidates.filter { $0.name == volume.node }, besides: [])
        guard case .infeasible(var cause) = self else { return }
        cause.message = "\(volume.place), which is therefore the only node for the task; \(cause.message)"
        self = .infeasible(cause)
    }

    /// Returns why the node of the volumes cannot take a task at all; `nil` if it can.
    private static func volumeMessage(
        _ bound: [VolumeRecord], _ candidates: [Candidate], _ others: [UnavailableNode]
    ) -> String? {
        let first = bound[0]
        if let volume = bound.first(where: \.isRemoving) {
            return "\(volume.place), which is removing it; the task is placed when the volume is gone"
        }
        if let other = bound.first(where: { $0.node != first.node }) {
            return "\(first.place) and \(other.place); no node has both"
        }
        guard !candidates.contains(where: { $0.name == first.node }) else { return nil }
        let state = others.first { $0.name == first.node }.map { "\($0.state)" } ?? "not part of the cluster"
        return "\(first.place), which is \(state); the task waits for this node, because only it has the data"
    }

    private init(
        of demand: Demand, onAny candidates: [Candidate], besides others: @autoclosure () -> [UnavailableNode]
    ) {
        guard !candidates.isEmpty else {
            let message = Self.message("no node is ready to take tasks", others())
            self = .infeasible(PendingCause(reason: .noNode, message: message))
            return
        }
        var open: [Candidate] = []
        var furthest = PlacementObstacle.runtime
        for candidate in candidates {
            if let obstacle = PlacementObstacle(of: demand, on: candidate) {
                furthest = max(furthest, obstacle)
            } else {
                open.append(candidate)
            }
        }
        guard !open.isEmpty else {
            self = .infeasible(Self.cause(furthest, of: demand, on: candidates, besides: others()))
            return
        }
        // A task that uses the network of this one stays where it is, and would wait in vain for a network on another node.
        let needed = open.filter(\.hasNetworkUser)
        self = .feasible(needed.isEmpty ? open : needed)
    }

    /// Returns why no candidate can run a task: the requirement that the nodes lack which meet most of them, and a census of all
    /// nodes.
    private static func cause(
        _ obstacle: PlacementObstacle, of demand: Demand, on candidates: [Candidate], besides others: [UnavailableNode]
    ) -> PendingCause {
        let able = others.filter { PlacementObstacle(of: demand, on: $0).map { $0 > obstacle } ?? true }
        var message =
            switch obstacle {
            case .runtime:
                able.isEmpty ? runtimeMessage(demand) : self.message("no other node can run the task", able)
            case .labels:
                able.isEmpty
                    ? "no node that could run the task has \(demand.constraints.text)"
                    : self.message("no other node has \(demand.constraints.text)", able)
            case .allowances:
                able.isEmpty
                    ? allowanceMessage(demand, candidates.filter { PlacementObstacle(of: demand, on: $0) == obstacle })
                    : self.message("no other node allows \(demand.allowances.text)", able)
            case .secrets:
                able.isEmpty
                    ? secretMessage(demand, candidates.filter { PlacementObstacle(of: demand, on: $0) == obstacle })
                    : self.message("no other node has \(secretText(demand.secrets))", able)
            case .neighbor: neighborMessage(demand)
            case .size:
                able.isEmpty
                    ? "the task needs \(demand.resources.text), more than any node has"
                    : self.message("no other node has \(demand.resources.text), which the task needs", able)
            case .capacity:
                "the task needs \(demand.resources.text), which no node has free now; it is placed when a node has enough"
            case .ports: portMessage(demand)
            }
        if let census = NodeCensus(of: demand, candidates: candidates, others: others).text { message += "; \(census)" }
        return PendingCause(reason: obstacle.reason, message: message)
    }

    /// Returns a message that names the nodes that could run the task if they accepted tasks: `node w1 is draining; no other
    /// node has disk=fast`.
    private static func message(_ rest: String, _ others: [UnavailableNode]) -> String {
        guard !others.isEmpty else { return rest }
        let named = others.sorted { $0.name < $1.name }.prefix(3).map { "node \($0.name) is \($0.state)" }
        let more = others.count > named.count ? " (and \(others.count - named.count) more)" : ""
        return "\(named.joined(separator: ", "))\(more); \(rest)"
    }

    private static func runtimeMessage(_ demand: Demand) -> String {
        if demand.isExclusive {
            return
                "no node has a runtime that can run this task as exclusive: it must end the task in time even if the "
                + "worker cannot"
        }
        return demand.runtime == RuntimeKind.process.rawValue
            ? "no node can run processes"
            : "no node has a container engine, which \"image\" needs; without \"image\", the command runs as a process"
    }

    /// Names what no node allows or, if each is allowed by some node, everything that the task needs together.
    private static func allowanceMessage(_ demand: Demand, _ matching: [Candidate]) -> String {
        let refused = demand.allowances.filter { need in !matching.contains { $0.traits.allowances.allows(need) } }
        return refused.isEmpty
            ? "no node that could run the task allows \(demand.allowances.text) together; \(demand.allowances.remedy)"
            : "no node that could run the task allows \(refused.text); \(refused.remedy)"
    }

    /// Names the secrets that no node has or, if each is on some node, all that the task needs together. The first node by name is an
    /// example of where to put them.
    private static func secretMessage(_ demand: Demand, _ matching: [Candidate]) -> String {
        let missing = demand.secrets.filter { name in !matching.contains { $0.traits.has(secret: name) } }
        let lacks =
            missing.isEmpty
            ? "no node that could run the task has \(secretText(demand.secrets)) together"
            : "no node that could run the task has \(secretText(missing))"
        let example = matching.map(\.name).min().map { ", such as \($0)" } ?? ""
        let needed = missing.isEmpty ? "the missing ones" : missing.count == 1 ? "it" : "them"
        return "\(lacks); put \(needed) into the secrets directory of a node\(example)"
    }

    private static func secretText(_ names: Set<String>) -> String {
        "the \(names.count == 1 ? "secret" : "secrets") \(names.sorted().joined(separator: " and "))"
    }

    private static func portMessage(_ demand: Demand) -> String {
        let ports = demand.hostPorts.map { "\($0.number)/\($0.transport)" }.sorted().joined(separator: ", ")
        return ports.isEmpty
            ? "no node with enough free resources has a free port to allocate"
            : "the task needs port \(ports), which is in use on every node with enough free resources; it is placed when the "
                + "port is free"
    }

    private static func neighborMessage(_ demand: Demand) -> String {
        let name = demand.neighbor.map { "\($0.name)" } ?? ""
        return "no node that could run the task has \(name), whose network it uses; it is placed when \(name) is"
    }
}

extension PlacementConstraints {
    /// The constraints in words: `zone=a and not disk=slow`.
    fileprivate var text: String {
        let wanted = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let unwanted = not.sorted { $0.key < $1.key }.map { "not \($0.key)=\($0.value)" }
        return (wanted + unwanted).joined(separator: " and ")
    }
}

extension ResourceSpec {
    /// The nonzero amounts in words, such as `0.5 cores and 128 MiB of memory`.
    var text: String {
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
