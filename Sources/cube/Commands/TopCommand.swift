import ArgumentParser
import CubeManagerClient
import CubeSystem
import CubeText
import CubeTypes
import ServiceLifecycle
import UnixSignals

struct TopCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Show what tasks and nodes use: CPU, memory, network and disks.",
        discussion: .flowing(
            """
            CPU is the number of cores in use, like "cpu" in a manifest. A task that shares the network of its node has no
            network figures of its own. On a terminal, the picture is updated until Ctrl-C; otherwise, it is printed once.

            Examples:
              cube top
              cube top web --sort memory
              cube top --nodes -o json
            """))

    @OptionGroup var selection: NamesArgument
    @Flag(help: "Show the nodes instead of the tasks.")
    var nodes = false
    @Option(help: "Order of the tasks: cpu, memory or name.")
    var sort: UsagePicture.Order = .cpu
    @Option(
        name: .customLong("owner"), help: "Only tasks of this owner. (default: all owners)", transform: OwnerName.parse)
    var owner: OwnerName?
    @Option(help: "Time between two measurements.", transform: Duration.parse)
    var interval: Duration = .seconds(2)
    @Flag(help: "Print the picture once, also on a terminal.")
    var once = false
    @OptionGroup var manager: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard interval >= .milliseconds(100) else {
            throw ValidationError("--interval is \(interval.text), but must be at least 100ms")
        }
        guard !nodes || selection.isAll else {
            throw ValidationError("--nodes shows the nodes, so names of workloads have no effect; omit one of them")
        }
    }

    func run() async throws {
        var usage = UsageReader(client: try manager.reader())
        _ = try await usage.read()
        if once || output.output != .text || !Terminal.standardOutput.isInteractive {
            try await Task.sleep(for: interval)
            let picture = try await picture(&usage)
            for name in selection.names where !picture.tasks.contains(where: { $0.name == name }) {
                throw Failure("no task of \(name) is running", hint: "`cube status \(name)` shows its state")
            }
            for failure in usage.failures { Terminal.note("\(failure)") }
            switch nodes {
            case true: try output.write(picture.nodes, as: picture.nodeTable)
            case false: try output.write(picture.tasks, as: picture.taskTable)
            }
            return
        }
        try await ForegroundProcess.run([UsageScreen(command: self, usage: usage)])
    }

    fileprivate func picture(_ usage: inout UsageReader) async throws -> UsagePicture {
        var picture = try await usage.read()
        picture.keep { selection.contains($0.name) && (owner == nil || $0.owner == owner) }
        picture.sort(by: sort)
        return picture
    }
}

extension UsagePicture.Order: ExpressibleByArgument {}

/// Shows the usage in place on a terminal until a signal ends it.
private struct UsageScreen: Service {
    let command: TopCommand
    let usage: UsageReader

    func run() async throws {
        let screen = LiveScreen()
        defer { screen.close() }
        try? await cancelWhenGracefulShutdown {  // If cancelled, the picture ends.
            var usage = usage
            while true {
                try await Task.sleep(for: command.interval)
                let picture: UsagePicture
                do {
                    picture = try await command.picture(&usage)
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    screen.show([TextLine("cube top: \(error)", .yellow), TextLine("Ctrl-C ends this.", .dim)])
                    continue
                }
                screen.show(lines(picture, usage.failures))
            }
        }
    }

    private func lines(_ picture: UsagePicture, _ failures: [String]) -> [TextLine] {
        let size = Terminal.size
        let table = command.nodes ? picture.nodeTable : picture.taskTable
        let foot =
            failures.prefix(3).map { TextLine($0, .yellow).cut(size.columns) } + [
                TextLine("Ctrl-C ends this.", .dim)
            ]
        let room = max(size.rows - foot.count - 2, 1)
        let lines = table.lines(columns: size.columns)
        let hidden = lines.count - room
        return lines.prefix(room) + (hidden > 0 ? ["… and \(hidden) more"] : []) + foot
    }
}
