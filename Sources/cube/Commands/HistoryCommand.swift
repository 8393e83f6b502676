import ArgumentParser
import CubeCore
import CubeReconciler
import CubeText
import CubeTypes

struct HistoryCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show the actions on a workload and their outcomes, oldest first.",
        discussion: .flowing(
            """
            Reads the journal of the data directory, without a manager: the actions of the reconciler, and the stops of
            `cube down`. An action without an outcome was under way when the reconciler ended, or its outcome could not be
            written; repeating it is harmless. `cube events` shows what happened to the tasks.

            Example:
              cube history web --limit 10
            """))

    @Argument(help: "Name of the workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @Option(help: "Maximum number of actions to show. The latest actions are shown.")
    var limit = 50
    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard limit >= 1 else { throw ArgumentParser.ValidationError("--limit: \(limit) is below 1") }
    }

    func run() async throws {
        let actions = try PastAction.all(of: name, in: place.data)
        guard !actions.isEmpty else {
            throw Failure(
                "\(place.data.path)/journal.ndjson contains no action on \(name)",
                hint: "`cube status` lists the workloads")
        }
        let shown = Array(actions.suffix(limit))
        try output.write(shown, as: shown.table)
    }
}

extension PastAction {
    /// All actions on a workload, in the order of their intents.
    static func all(of name: WorkloadName, in data: DataDirectory) throws -> [PastAction] {
        var actions: [PastAction] = []
        for entry in try Journal.entries(of: name, in: data.path, files: LocalFileSystem()) {
            switch entry.event {
            case .intent:
                actions.append(
                    PastAction(
                        at: entry.at, verb: entry.verb, name: entry.name, ordinal: entry.ordinal, id: entry.id,
                        rule: entry.rule, reason: entry.reason, commit: entry.commit))
            case .outcome:
                let intent = actions.lastIndex {
                    $0.result == nil && $0.id == entry.id && $0.verb == entry.verb
                }
                if let intent { actions[intent].result = entry.result }
            }
        }
        return actions
    }
}
