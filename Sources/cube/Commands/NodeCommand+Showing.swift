import ArgumentParser
import CubeManagerClient
import CubeText
import CubeTypes

extension NodeCommand {
    struct List: Command {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the nodes, with what their machines use, what tasks reserve, and what tasks can reserve.",
            discussion: .flowing(
                """
                What a machine uses includes programs that Cube did not start. It is unknown (-) if the worker does not
                answer within 2 seconds.

                Examples:
                  cube node list
                  cube node list -o json
                """))

        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let client = try manager.reader()
            let list = try await client.workers()
            let used = try await NodeCommand.used(list.nodes, client)
            let nodes = list.nodes.map { NodeReport($0, used: used[$0.name]) }
            let table = NodeTable(nodes)
            try output.write(
                NodeReportList(revision: list.revision, nodes: nodes),
                text: table.lines(columns: Terminal.standardOutput.columns), markdown: table.markdown)
        }
    }

    struct Show: Command {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a node and its tasks.")

        @Argument(help: "The node.", transform: NodeName.parse)
        var name: NodeName
        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let client = try manager.reader()
            let info = try await client.worker(name)
            var tasks: [TaskStatus] = []
            for state in [TaskState.scheduled, .running, .stopping] {
                tasks += try await client.tasks(state: state).tasks.filter { $0.node == name }
            }
            tasks.sort { ($0.owner, $0.name, $0.ordinal, $0.attempt) < ($1.owner, $1.name, $1.ordinal, $1.attempt) }
            let drain = info.state == .draining ? try await client.drain(of: name) : nil
            let used = try await NodeCommand.used([info], client)[name]
            let report = NodeReport(info, used: used, tasks: tasks, drain: drain)
            try output.write(report, as: report.lines(now: .now, columns: Terminal.standardOutput.columns))
        }
    }

    /// Returns what the machines of the nodes that respond use. Names the others on standard error, except those that the
    /// manager reports as away anyway.
    private static func used(
        _ nodes: [NodeInfo], _ client: ManagerClient
    ) async throws -> [NodeName: NodeReport.UsedResources] {
        var usage = UsageReader(client: client, limit: .seconds(2))
        let present = nodes.filter { [.ready, .cordoned, .draining].contains($0.state) }
        let picture = try await usage.readAtOnce(present.map(\.name))
        for failure in usage.failures.prefix(3) { Terminal.note(TextLine(failure, .yellow)) }
        if usage.failures.count > 3 {
            Terminal.note("\(Count(usage.failures.count - 3, "other node").verb("was", "were")) not measured either")
        }
        return Dictionary(picture.nodes.map { ($0.node, NodeReport.UsedResources($0)) }) { _, last in last }
    }
}
