import ArgumentParser
import CubeCore
import CubeReconciler
import CubeText
import CubeTypes

struct PlanCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what would be done, in which order, and what would be held back.",
        discussion: .flowing(
            """
            Looks once and changes nothing. With --out the plan is saved: `cube apply FILE` does just that, and refuses when
            manifests or tasks are not as they were. A saved plan is JSON, and holds no value of `env`. A plan for a --revision
            can be applied once the directory has the manifests of that revision. `cube plan show FILE` shows a saved plan
            without a manager or manifests, with a warning where it is not as it was written.

            Exit codes: 0, 1 an error; with --detailed-exitcode 0 nothing to do, 1 an error, 2 something to do.

            Examples:
              cube plan
              cube plan web api
              cube plan --detailed-exitcode -o json
              cube plan --out release.plan && cube apply release.plan
              cube plan show release.plan
            """))

    @Argument(help: "Workloads, all where none is named; or `show` and the file of a saved plan.", completion: .file())
    var words: [String] = []
    @Option(help: ArgumentHelp("Save the plan, for `cube apply`.", valueName: "file"), completion: .file())
    var out: String?

    @Flag(help: "Tell by the exit code whether there is something to do.")
    var detailedExitcode = false
    @OptionGroup var options: PreviewOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let revision = options.git.localRevision, RevisionRange(revision) != nil {
            throw ValidationError("--revision \"\(revision)\" is a range, which goes with `cube diff`")
        }
        if out != nil, !words.isEmpty { throw ValidationError("--out saves the whole plan; it takes no names") }
        if savedFile == nil { _ = try words.map(WorkloadName.parse) }
    }

    /// The file of `cube plan show FILE`. It is read here, as a parser would take the name of a subcommand for a workload's.
    private var savedFile: String? { words.count == 2 && words[0] == "show" ? words[1] : nil }

    func run() async throws {
        if let savedFile { return try show(savedFile) }
        let preview = try await options.preview()
        if out != nil, preview.hidesValues {
            throw Failure(
                "--out: the token may only read, and a plan that can be applied compares values of `env`",
                hint: "--token-file names a token of the role write")
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

    /// What `cube apply` will make of a plan that was saved.
    private func prospect(of preview: Preview, savedTo file: String) async throws -> String {
        let git = options.git
        if git.urlOption != nil {
            return "Saved to \(file): `cube apply \(file)` with the same --git options does just this."
        }
        // A directory that cannot be read has other manifests than the revision.
        if let revision = git.localRevision, (try? await preview.isOfDirectory(options.manager.place)) != true {
            return
                "Saved to \(file). The manifests in the directory are not those of \(revision): `cube apply \(file)` refuses the plan "
                + "as stale (exit code 3) until \(revision) is checked out."
        }
        return "Saved to \(file): `cube apply \(file)` does just this."
    }

    private func show(_ file: String) throws {
        let saved = try SavedPlan.read(.absolute(file))
        if !saved.isIntact { Terminal.note("\(file) was changed after it was written.") }
        try output.write(saved.plan)
    }
}

extension OutputOptions {
    fileprivate func write(_ plan: PlanDocument) throws {
        let text = PlanText(plan)
        try write(plan, text: text.lines, markdown: text.markdown)
    }
}
