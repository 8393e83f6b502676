import ArgumentParser
import CubeCore
import CubeJSON
import CubeManagerClient
import CubeTypes

struct ExplainCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say how a workload is, why, and what happens next.",
        discussion: .flowing(
            """
            Puts together what the manifest says, what runs, how they differ, what is due or held, what is wrong with the
            manifest, and what happened last.

            Example:
              cube explain web
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let files = WrittenStatus(data: manager.place.data)
        var explanation = Explanation(
            name: name, status: try files.workload(name), drift: try files.drift(name), tasks: [], events: [],
            history: Array(try PastAction.all(of: name, in: manager.place.data).suffix(5)))
        var hint: String? = "`cube status` lists the workloads"
        // Without a manager the files still tell what there is to know.
        do {
            let client = try manager.reader()
            explanation.tasks = try await client.tasks(owner: owner.owner, name: name).tasks
            explanation.events = try await Self.events(of: name, owner: owner.owner, from: client)
        } catch {
            let failure = Failure(error)
            (explanation.missing, hint) = (failure.message, failure.hint)
        }
        guard explanation.status != nil || !explanation.tasks.isEmpty else {
            throw Failure(
                try explanation.missing ?? "nobody knows a workload \(name) of owner \(owner.owner)",
                hint: hint)
        }
        try output.write(explanation, as: explanation.lines(Terminal.standardOutput))
    }

    /// The last ten events of the workload.
    private static func events(
        of name: WorkloadName, owner: OwnerName, from client: ManagerClient
    ) async throws -> [TaskEvent] {
        var found: [TaskEvent] = []
        var since = 0
        while true {
            let list = try await client.events(since: since)
            found = Array((found + list.events.filter { $0.name == name && $0.owner == owner }).suffix(10))
            guard !list.events.isEmpty else { return found }
            since = list.revision
        }
    }
}

private struct Explanation: Encodable {
    var name: WorkloadName
    var status: WorkloadStatus?
    var drift: DriftReport?
    var tasks: [TaskStatus]
    var events: [TaskEvent]
    /// What was done last.
    var history: [PastAction]
    /// What could not be asked, and why.
    var missing: String?

    enum CodingKeys: String, CodingKey { case name, status, drift, tasks, events, history, missing }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(status, forKey: .status)
        try container.encode(drift, forKey: .drift)
        // Values of `env` are never shown.
        try container.encode(tasks.map(TaskSummary.init), forKey: .tasks)
        try container.encode(events, forKey: .events)
        try container.encode(history, forKey: .history)
        try container.encode(missing, forKey: .missing)
    }

    func lines(_ terminal: Terminal) -> [String] {
        var lines: [String] = []
        if let status {
            let place = status.file.map { " (\($0)\(status.line.map { ":\($0)" } ?? ""))" } ?? ""
            lines.append(
                "\(terminal.styled(name.rawValue, .bold))\(place): \(status.sync.rawValue), \(status.health.rawValue); "
                    + (status.readiness == "done" ? "done." : "\(status.readiness) ready."))
            lines += status.conditions.filter { $0.type != .ready || !$0.status }
                .map {
                    "  \($0.status ? "" : "Not ")\($0.type.rawValue) since \(Age(since: $0.lastTransitionTime)): \($0.message) (\($0.reason))"
                }
            lines += status.diagnostics.map { diagnostic in
                let start = diagnostic.range.start
                return terminal.styled(
                    "  \(diagnostic.range.filename):\(start.line):\(start.column): \(diagnostic.summary)", .red)
            }
        } else {
            lines.append("\(terminal.styled(name.rawValue, .bold)): no reconciler knows it here.")
        }
        if let drift {
            lines.append("It differs from its manifest:")
            lines += drift.differences.map {
                "  \($0.field): is \($0.observed ?? "absent"), should be \($0.desired ?? "absent")"
            }
            lines += drift.actions.map {
                "  \($0.verb.rawValue) \(name)/\($0.ordinal), \($0.state.words): \($0.why)"
            }
        }
        if !tasks.isEmpty { lines.append("Its tasks:") }
        lines += tasks.sorted { ($0.ordinal, $0.attempt) < ($1.ordinal, $1.attempt) }.suffix(20).map { task in
            let node = task.node.map { " on \($0)" } ?? ""
            let again = task.notBefore.map { $0 > .now ? "; starts again in \(Age(since: .now, until: $0))" : "" } ?? ""
            return "  \(name)/\(task.ordinal), attempt \(task.attempt): \(task.state)\(node), \(task.restarts) restarts"
                + (task.why.map { " (\($0))" } ?? "") + again
        }
        if !history.isEmpty { lines.append("What was done last:") }
        lines += history.map { "  \($0.text)" }
        if !events.isEmpty { lines.append("What happened last:") }
        lines += events.map { "  \(EventsCommand.line($0))" }
        if let missing { lines.append(terminal.styled("The manager could not be asked: \(missing)", .yellow)) }
        return lines
    }
}

extension ActionState {
    /// As a sentence says it.
    var words: String {
        switch self {
        case .due: "due now"
        case .held: "held"
        case .waiting: "waits for its turn"
        case .inFlight: "being carried out"
        }
    }
}
