import ArgumentParser
import CubeCore
import CubeJSON
import CubeReconciler
import CubeText
import SystemPackage

struct ValidateCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check manifests, without a manager.",
        discussion: .flowing(
            """
            Reads the files, or all *.json below the directories, just as `cube up` does, and shows every problem with its place:
            wrong JSON, unknown keys, values out of range, fields that this version does not carry out, names that are
            defined twice, files that cannot be read. It warns about files that are not read, such as web.yaml.

            With --git, or with --revision in a clone, it reads the manifests of a commit, as whoever follows it does.

            Exit codes: 0 valid, 1 not valid, 2 something could not be read.

            Examples:
              cube validate
              cube validate manifests/web.json -o json
              cube validate --git https://host/deploy.git --branch main --path manifests
            """))

    static let statusOfErrors = ExitStatus.trouble

    @Argument(help: "Files and directories. (default: the directory of manifests)", completion: .file())
    var paths: [String] = []
    @OptionGroup var git: GitOptions
    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard let revision = git.revision else { return try requireNoPaths(with: git.urlOption.map { _ in "--git" }) }
        if RevisionRange(revision) != nil {
            throw ValidationError("--revision \"\(revision)\" is a range, which goes with `cube diff`")
        }
        try requireNoPaths(with: "--revision")
    }

    private func requireNoPaths(with option: String?) throws {
        if let option, !paths.isEmpty { throw ValidationError("\(option) and files exclude each other") }
    }

    func run() async throws {
        // Files that are named are meant, whatever the environment says.
        let isRevision = paths.isEmpty && (git.url != nil || git.revision != nil)
        var validation = isRevision ? try await validationOfRevision() : try await validationOfFiles()
        await validation.checkDependencies()
        try output.write(
            validation.diagnostics, text: validation.lines + [TextLine(validation.verdict)],
            // The places of the marks below the lines are lost in Markdown, but in a block of code.
            markdown: (validation.lines.isEmpty ? [] : MarkdownLine.fenced(validation.lines))
                + ["\(validation.verdict)"])
        if paths.isEmpty, !isRevision, !place.manifests.exists {
            Terminal.note(
                try place.followed.map { "`cube up` follows a repository here: check it with `cube validate \($0)`." }
                    ?? "`cube init` makes a first manifest; --manifests names another directory.")
        }
        guard validation.diagnostics.contains(where: { $0.severity == .error }) else { return }
        let isUnreadable = validation.diagnostics.contains { $0.reason == .unreadable }
        throw ExitCode((isUnreadable ? ExitStatus.trouble : .negative).rawValue)
    }

    private func validationOfFiles() async throws -> Validation {
        var validation = Validation(files: try place.files, manifests: place.manifests)
        let named =
            paths.isEmpty ? [place.manifestsOption ?? Environment.value("CUBE_MANIFESTS") ?? "manifests"] : paths
        for path in named { await validation.check(FilePath(path).lexicallyNormalized()) }
        return validation
    }
}
