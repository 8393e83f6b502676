import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeText
import CubeVersion

struct VersionCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version of Cube, and which components work together.",
        discussion: .flowing(
            """
            `api` is the version of the HTTP API. Packages record the commit that they were built from.

            If a manager runs on the data directory, or one is selected, its version and those of the workers follow.
            Two components work together if both speak a common version of the HTTP API.

            Examples:
              cube version
              cube version --data-dir /var/lib/cube
            """))

    @OptionGroup var manager: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var report = VersionReport(note: .ofThisProgram)
        if let client = try client() {
            do {
                report.add(manager: try await client.version(), nodes: try await client.workers().nodes)
            } catch let error as APIError {
                // The version of this program is wanted in particular when something does not work.
                Terminal.note(TextLine("the versions of the cluster are unknown: \(error.message)", .yellow))
            }
        }
        try output.write(
            report, text: report.lines + (report.table?.lines() ?? []),
            markdown: MarkdownLine.fenced(report.lines) + (report.table?.markdown ?? []))
    }

    /// A client for the selected manager; `nil` if none is selected and none runs on the data directory.
    private func client() throws -> ManagerClient? {
        guard case .local = try manager.choice() else { return try manager.reader() }
        // Most machines without a manager have no data directory either, and that is no error here.
        return try? manager.reader()
    }
}
