import ArgumentParser
import CubeCore
import CubeTypes

struct DiffCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show how what runs differs from what the manifests say.",
        discussion: """
            Looks once and changes nothing. Values of `env` are never shown: a difference in them says `changed`.

            Exit codes: 0 no difference, 1 differences, 2 an error.

            Examples:
              cube diff
              cube diff -o json
            """)

    static let statusOfErrors = ExitStatus.trouble

    @OptionGroup var options: PreviewOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let drifts = try await options.preview().drifts
        switch output.output {
        case .json: Terminal.output(try JSONText.pretty(drifts))
        case .markdown: Terminal.output(Self.table(drifts).markdown)
        case .text:
            let table = Self.table(drifts).text(.standardOutput)
            Terminal.output(drifts.isEmpty ? "No difference." : table)
        }
        if !drifts.isEmpty { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    private static func table(_ drifts: [DriftReport]) -> Table {
        Table(
            "WORKLOAD", "FIELD", "IS", "SHOULD BE",
            rows: drifts.flatMap { drift in
                drift.differences.map { difference in
                    [
                        Table.Cell(drift.name.rawValue, .bold), Table.Cell(difference.field),
                        Table.Cell(difference.observed ?? "-", .red), Table.Cell(difference.desired ?? "-", .green),
                    ]
                }
            })
    }
}
