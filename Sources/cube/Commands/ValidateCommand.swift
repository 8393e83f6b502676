import ArgumentParser
import CubeCore
import CubeJSON
import CubeReconciler
import CubeTypes
import FoundationEssentials
import SystemPackage

struct ValidateCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check manifests, without a manager.",
        discussion: .flowing(
            """
            Reads the files, or all *.json below the directories, and shows every problem with its place: wrong JSON, unknown
            keys, values out of range, fields that this version does not carry out, names that are defined twice.

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
        if paths.isEmpty, git.url != nil || git.revision != nil { return try await checkRevision() }
        var validation = Validation()
        let named =
            paths.isEmpty ? [place.manifestsOption ?? Environment.value("CUBE_MANIFESTS") ?? "manifests"] : paths
        for path in named { try validation.check(FilePath(path).lexicallyNormalized()) }
        validation.checkDependencies()
        // The places of the marks below the lines are lost in Markdown, but in a block of code.
        let fence = output.output == .markdown && !validation.lines.isEmpty ? ["```"] : []
        try output.write(validation.diagnostics, as: fence + validation.lines + fence + [validation.verdict])
        if paths.isEmpty, !place.manifests.exists {
            Terminal.note(
                try place.followed.map { "`cube up` follows a repository here: check it with `cube validate \($0)`." }
                    ?? "`cube init` makes a first manifest; --manifests names another directory.")
        }
        guard validation.diagnostics.contains(where: { $0.severity == .error }) else { return }
        let isUnreadable = validation.diagnostics.contains { $0.reason == .unreadable }
        throw ExitCode((isUnreadable ? ExitStatus.trouble : .negative).rawValue)
    }
}

/// What was found in files of manifests.
struct Validation {
    private(set) var diagnostics: [Diagnostic] = []
    private(set) var lines: [String] = []
    private var files = 0
    private var places: [WorkloadName: SourceRange] = [:]
    private var workloads: [Workload] = []
    /// Whether a file was named by itself: others may declare what it depends on.
    private var namesFiles = false

    var verdict: String {
        let problems =
            diagnostics.isEmpty ? "no problem" : "\(diagnostics.count) problem\(diagnostics.count == 1 ? "" : "s")"
        return
            "\(files) file\(files == 1 ? "" : "s"), \(places.count) workload\(places.count == 1 ? "" : "s"), \(problems)"
    }

    /// Checks a file, or all manifests below a directory.
    mutating func check(_ path: FilePath) throws {
        let children: [String]
        do {
            children = try FileManager.default.contentsOfDirectory(atPath: path.string)
        } catch {
            // What cannot be listed is read as a file, which says what is wrong with it.
            namesFiles = true
            return check(file: path)
        }
        for child in children.sorted() where !child.hasPrefix(".") {
            let entry = path.appending(child)
            var isDirectory = false
            guard FileManager.default.fileExists(atPath: entry.string, isDirectory: &isDirectory) else { continue }
            if isDirectory { try check(entry) } else if child.hasSuffix(".json") { check(file: entry) }
        }
    }

    /// Checks what manifests depend on. That nothing declares a name is known only where all of them were read.
    mutating func checkDependencies() {
        let isAll = !namesFiles && diagnostics.isEmpty
        for diagnostic in DependencyGraph.problems(among: workloads)
        where isAll || diagnostic.reason == .dependencyCycle {
            // What it cannot show of a file that went meanwhile, it says without.
            add(diagnostic, source: try? AtomicFile.read(FilePath(diagnostic.range.filename)))
        }
    }

    private mutating func check(file path: FilePath) {
        files += 1
        let source: [UInt8]
        do {
            guard let bytes = try AtomicFile.read(path) else {
                return add(.unreadable, "there is no such file", in: SourceRange(filename: path.string), source: nil)
            }
            source = bytes
        } catch {
            return add(
                .unreadable, Failure(error).message, in: SourceRange(filename: path.string), source: nil)
        }
        guard !ManifestGroup.isFile(BytePath(naming: path.string)) else {
            let decoded = ManifestDecoder.decodeGroup(source, file: path.string)
            return decoded.diagnostics.forEach { add($0, source: source) }
        }
        let decoded = ManifestDecoder.decode(source, file: path.string) { name in
            do {
                return try AtomicFile.read(path.removingLastComponent().appending(name)).map { .content($0) }
                    ?? .unreadable("does not exist")
            } catch {
                return .unreadable("cannot be read: \(Failure(error).message)")
            }
        }
        for diagnostic in decoded.diagnostics { add(diagnostic, source: source) }
        workloads += decoded.workloads
        for workload in decoded.workloads {
            if let other = places[workload.name] {
                add(.duplicateName(workload.name, at: workload.range, first: other), source: source)
            } else {
                places[workload.name] = workload.range
            }
        }
    }

    private mutating func add(
        _ reason: Diagnostic.Reason, _ summary: String, detail: String = "", in range: SourceRange, source: [UInt8]?
    ) {
        add(Diagnostic(reason: reason, summary: summary, detail: detail, range: range), source: source)
    }

    private mutating func add(_ diagnostic: Diagnostic, source: [UInt8]?) {
        diagnostics.append(diagnostic)
        lines.append(diagnostic.text(source: source))
    }
}
