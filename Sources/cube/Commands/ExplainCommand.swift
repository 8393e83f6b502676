import ArgumentParser
import CubeCore
import CubeJSON
import CubeManagerClient
import CubeText
import CubeTypes

struct ExplainCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain the state of a workload, its causes, and the next actions.",
        discussion: .flowing(
            """
            Combines the manifest, the running tasks, their differences, due and held actions, problems in the manifest,
            and the latest events.

            Example:
              cube explain web
            """))

    @Argument(help: "Name of the workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let owner = try owner.owner
        var explanation = try await Explanation.written(of: name, owner: owner, in: manager.place.data)
        var hint: String? = "`cube status` lists the workloads"
        // Without a manager, the explanation is limited to the status files.
        do {
            let client = try manager.reader()
            let tasks = try await client.tasks(name: name).tasks
            explanation.tasks = tasks.filter { $0.owner == owner }
            if let other = OtherOwner(than: owner, among: Set(tasks.map(\.owner))) {
                hint = other.hint(manager.command("explain \(name) --owner \(other.name)"))
            }
            explanation.events = try await Self.events(of: name, owner: owner, from: client)
        } catch {
            let failure = Failure(error)
            (explanation.missing, hint) = (failure.message, failure.hint)
        }
        guard explanation.status != nil || !explanation.tasks.isEmpty else {
            throw Failure(explanation.missing ?? "owner \(owner) has no workload \(name)", hint: hint)
        }
        try output.write(explanation, as: explanation.lines(now: .now))
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
