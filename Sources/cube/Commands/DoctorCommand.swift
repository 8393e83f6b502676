import ArgumentParser
import CubeCore
import CubeText

struct DoctorCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check whether this machine meets Cube's requirements.",
        discussion: .flowing(
            """
            Checks the kernel, limits, inotify, the directories and their permissions, ports, the supervisor, the
            container engine, the records of workers and the resources that tasks reserve, and looks for tasks and
            containers whose records are gone. Prints a remedy for each problem. Changes nothing.

            Exit codes: 0 no problem, or only warnings; 1 at least one check failed.
            """))

    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let findings = try await checks().map(CheckResult.init)
        try output.write(
            findings, as: Table("CHECK", "VERDICT", "FOUND", rows: findings.map(\.row)))
        if findings.contains(where: { $0.verdict == "bad" }) { throw ExitCode(ExitStatus.error.rawValue) }
    }

    private func checks() async throws -> [any Check] {
        let data = place.data
        return [
            KernelCheck.measure(), OpenFilesCheck.measure(), ProcessesCheck.measure(),
            try InotifyCheck.measure(directories: 1),
            ManifestsCheck.measure(place.manifests, source: try WrittenStatus(data: data).summary()?.source),
            try DataDirectoryCheck.measure(data.path), try StoreCheck.measure(data), PortsCheck.measure(),
            try SupervisorCheck.measure(), OrphansCheck.measure(data),
            await EngineCheck.measure(), await OrphanContainersCheck.measure(data),
            try HoldersCheck.measure(data), RecordsCheck.measure(data), LimitsCheck.measure(data),
        ]
    }
}

/// The result of a check, as printed.
private struct CheckResult: Encodable {
    var check: String
    var verdict: String
    var found: String
    var hint: String?

    init(_ check: any Check) {
        self.check = check.title
        switch check.verdict {
        case .good(let found): (verdict, self.found, hint) = ("good", found, nil)
        case .warning(let found, let hint): (verdict, self.found, self.hint) = ("warning", found, hint)
        case .bad(let found, let hint): (verdict, self.found, self.hint) = ("bad", found, hint)
        }
    }

    var row: [Table.Cell] {
        let style: Terminal.Style = ["good": .green, "warning": .yellow][verdict] ?? .red
        return [Table.Cell(check), Table.Cell(verdict, style), Table.Cell(hint.map { "\(found); \($0)" } ?? found)]
    }
}
