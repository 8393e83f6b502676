import ArgumentParser
import CubeManagerClient
import CubeText
import CubeTypes

struct EventsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show the cluster's events, oldest first.",
        discussion: .flowing(
            """
            Examples:
              cube events --follow
              cube events --name web -o json
            """))

    @Flag(name: .shortAndLong, help: "Keep printing new events until Ctrl-C.")
    var follow = false
    @Option(help: "Only events after this revision.")
    var since = 0
    @Option(help: "Only events of this workload.", transform: WorkloadName.parse)
    var name: WorkloadName?
    @OptionGroup var manager: ConnectionOptions
    @Option(name: .shortAndLong, help: "Output format: text, json (one object per line) or markdown.")
    var output: OutputFormat = .text

    func run() async throws {
        let client = follow ? try manager.follower() : try manager.reader()
        var revision = since
        while true {
            let list = try await client.events(since: revision)
            for event in list.events where name == nil || event.name == name {
                guard try show(event) else { return }
            }
            guard list.events.isEmpty else {
                revision = list.revision
                continue
            }
            break
        }
        guard follow else { return }
        for try await event in client.events(following: revision) where name == nil || event.name == name {
            guard try show(event) else { return }
        }
    }

    /// - Returns: Whether the event was written, so that more can follow.
    private func show(_ event: TaskEvent) throws -> Bool {
        switch output {
        case .json: Terminal.output(json: try JSONText.line(event))
        case .text: Terminal.output(event.line)
        case .markdown: Terminal.output(["- \(event.line)"] as [MarkdownLine])
        }
    }
}
