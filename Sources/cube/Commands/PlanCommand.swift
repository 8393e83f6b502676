import ArgumentParser
import CubeCore
import CubeReconciler
import CubeText
import CubeTypes

struct PlanCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show the actions that Cube would take, in order, and the actions that a guard holds back.",
        discussion: .flowing(
            """
            Changes nothing. --out saves the plan, which `cube apply FILE` carries out exactly, or refuses if manifests
            or tasks have changed since. A saved plan is JSON and contains no values of `env`. A plan for a --revision
            can be applied once the directory contains the manifests of that revision. `cube plan show FILE` shows a
            saved plan without a manager or manifests, and warns if the file was edited.

            Exit codes: 0 success, 1 error; with --detailed-exitcode: 0 no actions, 1 error, 2 at least one action.

            Examples:
              cube plan
              cube plan web api
              cube plan --detailed-exitcode -o json
              cube plan --out release.plan && cube apply release.plan
              cube plan show release.plan
            """))

    @Argument(help: "Names of workloads (default: all); or `show` and the file of a saved plan.", completion: .file())
    var words: [String] = []
    @Option(help: ArgumentHelp("Save the plan to this file, for `cube apply`.", valueName: "file"), completion: .file())
    var out: String?

    @Flag(help: "Exit with 2 if the plan contains actions.")
    var detailedExitcode = false
    @OptionGroup var options: PreviewOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let revision = options.git.localRevision, RevisionRange(revision) != nil {
            throw ValidationError("--revision \"\(revision)\" is a range; only `cube diff` accepts a range")
        }
        if out != nil, !words.isEmpty {
            throw ValidationError("--out saves the whole plan and cannot be combined with names")
        }
        if savedFile == nil { _ = try words.map(WorkloadName.parse) }
    }

    /// The file of `cube plan show FILE`. `show` is not a subcommand, because the parser would then reject a workload
    /// of that name.
    private var savedFile: String? { words.count == 2 && words[0] == "show" ? words[1] : nil }

    func run() async throws {
        if let savedFile { return try show(savedFile) }
        if let out, options.git.url == nil { try options.manager.place.requireNoManifest(.absolute(out), "--out") }
        let preview = try await options.preview()
        if out != nil, preview.hidesValues {
            throw Failure(
                "--out: a plan that can be applied compares values of `env`, which a read-only token cannot see",
                hint: "use --token-file with a token of the role write")
        }
        let names = try words.map(WorkloadName.parse)
        try names.require(knownIn: preview.planner.names)
        let plan = names.isEmpty ? preview.document : preview.document(of: names)
        try output.write(plan)
        if let out {
            try SavedPlan.write(plan, to: .absolute(out))
            Terminal.note(TextLine(try await prospect(of: preview, savedTo: out)))
        }
        if detailedExitcode, plan.workloads.contains(where: { !$0.actions.isEmpty }) {
            throw ExitCode(ExitStatus.changes.rawValue)
        }
    }

    /// Describes what `cube apply` will do with the saved plan.
    private func prospect(of preview: Preview, savedTo file: String) async throws -> String {
        let git = options.git
        if git.urlOption != nil {
            return "Saved to \(file). `cube apply \(file)` with the same --git options carries it out."
        }
        // A directory that cannot be read does not contain the manifests of the revision.
        if let revision = git.localRevision, (try? await preview.isOfDirectory(options.manager.place)) != true {
            return
                "Saved to \(file). The directory does not contain the manifests of \(revision): `cube apply \(file)` refuses the "
                + "plan as stale (exit code 3) until \(revision) is checked out."
        }
        return "Saved to \(file). `cube apply \(file)` carries it out."
    }

    private func show(_ file: String) throws {
        let saved = try SavedPlan.read(.absolute(file))
        if !saved.isIntact { Terminal.note("Warning: \(file) was edited after it was saved.") }
        try output.write(saved.plan)
    }
}

extension OutputOptions {
    fileprivate func write(_ plan: PlanDocument) throws {
        let text = PlanText(plan)
        try write(plan, text: text.lines, markdown: text.markdown)
    }
}
