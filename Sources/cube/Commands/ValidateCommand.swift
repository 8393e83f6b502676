import ArgumentParser
import CubeCore
import CubeJSON
import CubeReconciler
import CubeSystem
import CubeText
import SystemPackage

struct ValidateCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Validate manifests, without a manager.",
        discussion: .flowing(
            """
            Reads the files, or all *.json files below the directories, with the rules of `cube up`, and reports every
            problem with its location: invalid JSON, unknown keys, values out of range, fields that this version does
            not support, duplicate names, and files that cannot be read. Warns about files that are ignored, such as
            web.yaml.

            With --git, or with --revision in a clone, it validates the manifests of a commit.

            Exit codes: 0 valid, 1 invalid, 2 a file could not be read.

            Examples:
              cube validate
              cube validate manifests/web.json -o json
              cube validate --git https://host/deploy.git --branch main --path manifests
            """))

    static let statusOfErrors = ExitStatus.trouble

    @Argument(help: "Files and directories. (default: the manifests directory)", completion: .file())
    var paths: [String] = []
    @OptionGroup var git: GitOptions
    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard let revision = git.revision else { return try requireNoPaths(with: git.urlOption.map { _ in "--git" }) }
        if RevisionRange(revision) != nil {
            throw ValidationError("--revision \"\(revision)\" is a range; only `cube diff` accepts a range")
        }
        try requireNoPaths(with: "--revision")
    }

    private func requireNoPaths(with option: String?) throws {
        if let option, !paths.isEmpty { throw ValidationError("\(option) cannot be combined with files") }
    }

    func run() async throws {
        // Explicit paths take precedence over CUBE_GIT.
        let isRevision = paths.isEmpty && (git.url != nil || git.revision != nil)
        var validation = isRevision ? try await validationOfRevision() : try await validationOfFiles()
        await validation.checkDependencies()
        keepUntilExit(validation)
        try output.write(
            validation.diagnostics, text: validation.lines + [TextLine(validation.verdict)],
            // Only a code block preserves the columns of the markers below the source lines.
            markdown: (validation.lines.isEmpty ? [] : MarkdownLine.fenced(validation.lines))
                + ["\(validation.verdict)"])
        if paths.isEmpty, !isRevision, !place.manifests.exists {
            Terminal.note(
                try place.followed.map {
                    "`cube up` follows a repository here; validate it with `cube validate \($0)`."
                }
                    ?? "Write a first manifest with `cube init`, or select another directory with --manifests.")
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
