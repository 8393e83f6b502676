import CubeCore
package import CubeTypes

/// A node as the manager knows it, with what its machine uses.
package struct NodeReport: Encodable, Sendable {
    package var info: NodeInfo
    package var used: UsedResources?
    /// The tasks on the node that have not ended; `nil` if they were not requested.
    package var tasks: [TaskStatus]?
    /// The drain of the node; `nil` if the node is not being drained, or the drain was not requested.
    package var drain: NodeDrain?

    /// What a machine uses, with all of its programs, whether or not Cube started them.
    package struct UsedResources: Encodable, Hashable, Sendable {
        /// Processors that are busy; `nil` if they were not measured.
        package var cpu: Double?
        package var memory: Int
        package var disk: Int

        package init(cpu: Double?, memory: Int, disk: Int) {
            self.cpu = cpu
            self.memory = memory
            self.disk = disk
        }

        package init(_ usage: NodeUsage) {
            self.init(cpu: usage.cpu, memory: usage.memoryUsedBytes, disk: usage.diskUsedBytes)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case used, placed, drain
    }

    package init(
        _ info: NodeInfo, used: UsedResources?, tasks: [TaskStatus]? = nil, drain: NodeDrain? = nil
    ) {
        self.info = info
        self.used = used
        self.tasks = tasks
        self.drain = drain
    }

    /// Encodes the keys of ``NodeInfo``, and beside them `used`, `placed` and `drain`. `tasks` is the number of tasks, as in `NodeInfo`.
    package func encode(to encoder: any Encoder) throws {
        try info.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(used, forKey: .used)
        let summaries = tasks?.map { task in
            var summary = TaskSummary(task)
            (summary.owner, summary.name) = (task.owner, task.name)
            return summary
        }
        try container.encodeIfPresent(summaries, forKey: .placed)
        try container.encodeIfPresent(drain, forKey: .drain)
    }
}

/// All nodes at a revision, with what their machines use.
package struct NodeReportList: Encodable, Sendable {
    package var revision: Int
    package var nodes: [NodeReport]

    package init(revision: Int, nodes: [NodeReport]) {
        self.revision = revision
        self.nodes = nodes
    }
}

extension NodeReport {
    /// The node as lines: its facts, its resources and its tasks.
    ///
    /// - Parameter now: the present, for ages.
    package func lines(now: Timestamp, columns: Int = .max) -> [TextLine] {
        let facts: [(String, TextLine)] = [
            ("address", TextLine(info.url)), ("version", TextLine(info.version)),
            ("runs", TextLine(info.runtimes.joined(separator: ", "))),
            ("labels", TextLine(info.labels.isEmpty ? "none" : info.labelText(separator: ", "))),
            ("allows", TextLine(info.allowances == .none ? "nothing beyond the safe default" : info.allowances.words)),
            ("secrets", TextLine(info.secrets.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") } ?? "unknown")),
            (
                "last seen",
                info.lastSeenAt.map { "\(Age(since: $0, until: now)) ago" } ?? "not since the manager started"
            ),
        ]
        let width = 11
        var lines: [TextLine] = ["\(info.name.rawValue, .bold)  \(TextLine(info))"]
        if let drain { lines += DrainText(drain).heading.wrapped(columns, indentation: 2) }
        if let message = info.message { lines += TextLine(message).wrapped(columns, indentation: 2) }
        lines += facts.map { name, value in
            ("  " + TextLine(name + String(repeating: " ", count: width - name.count), .dim) + value).cut(columns)
        }
        lines += [""] + resources.lines(columns: columns)
        guard let tasks else { return lines }
        lines.append("")
        return lines + (tasks.isEmpty ? ["no task is on this node"] : table(of: tasks, now).lines(columns: columns))
    }

    private var resources: Table {
        Table(
            "RESOURCE", "USED", "RESERVED", "ALLOCATABLE",
            rows: [
                [
                    "cpu", "\(used?.cpu.flatMap(CoreCount.init)?.precise ?? "-")",
                    "\(CoreCount(millicores: info.reserved.millicores))",
                    "\(CoreCount(millicores: info.capacity.millicores))",
                ],
                row("memory", used?.memory, info.reserved.memory, info.capacity.memory),
                row("disk", used?.disk, info.reserved.disk, info.capacity.disk),
            ])
    }

    private func row(_ name: String, _ used: Int?, _ reserved: Int, _ allocatable: Int) -> [Table.Cell] {
        [
            "\(name)", "\(used.map { ByteCount($0).precise } ?? "-")", "\(ByteCount(reserved).precise)",
            "\(ByteCount(allocatable).precise)",
        ]
    }

    private func table(of tasks: [TaskStatus], _ now: Timestamp) -> Table {
        Table(
            "TASK", "OWNER", "STATE", "READY", "RESTARTS", "AGE", "CPU", "MEMORY", "DISK", "WHY",
            rows: tasks.map { task in
                let resources = task.definition.resources
                return [
                    Table.Cell("\(task.name)/\(task.ordinal)", .bold), "\(task.owner)", Table.Cell(task.state),
                    task.ready ? "yes" : "no", "\(task.restarts)", "\(Age(since: task.createdAt, until: now))",
                    "\(CoreCount(millicores: resources.millicores))", "\(ByteCount(resources.memory))",
                    "\(ByteCount(resources.disk))", "\(task.why ?? "")",
                ]
            })
    }
}

extension NodeInfo {
    /// The labels, sorted by name: `disk=fast,zone=a`.
    func labelText(separator: String) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: separator)
    }
}

extension NodeAllowances {
    /// The allowances in the words of manifests and options: `NET_ADMIN,/dev/net/tun,host network,/srv:ro`.
    var words: String {
        (capabilities + devices + (hostNetwork ? ["host network"] : [])
            + mounts.map { $0.readOnly ? "\($0.path):ro" : $0.path }).joined(separator: ",")
    }
}
