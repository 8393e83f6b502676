import ArgumentParser
import CubeImport
import CubeSystem
import CubeText
import CubeTypes
import SystemPackage

/// Where an import writes its manifests, and how it reports.
struct ImportOptions: ParsableArguments {
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(
        name: .customLong("manifests"),
        help: ArgumentHelp("Directory of the manifests. (CUBE_MANIFESTS; default: manifests)", valueName: "dir"),
        completion: .directory)
    var manifestsOption: String?
    @Flag(help: "Overwrite manifests that exist.")
    var force = false
    @Flag(help: "Print the manifests instead of writing them.")
    var dryRun = false
    @Option(name: .shortAndLong, help: "Output format: text or json.")
    var output: Form = .text

    private var directory: FilePath {
        .absolute(manifestsOption ?? Environment.value("CUBE_MANIFESTS") ?? "manifests")
    }

    /// Writes the manifests and the notes.
    ///
    /// - Throws: An exit code if the input is invalid or something is left out; a `Failure` if nothing is written.
    func write(_ result: Import) throws {
        let directory = directory
        guard !result.isInvalid else {
            try report(result, in: directory, written: [])
            throw ExitCode(ExitStatus.trouble.rawValue)
        }
        let written = dryRun ? [] : try writeFiles(of: result, in: directory)
        try report(result, in: directory, written: written)
        if !result.isComplete { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    /// Writes the files beside the manifests first, so that `cube up` never sees a manifest without them.
    private func writeFiles(of result: Import, in directory: FilePath) throws -> [FilePath] {
        let files = result.files.map { (directory.appending($0.path), $0.bytes, $0.isExecutable) }
        let manifests = result.manifests.map { (directory.appending($0.fileName), Array($0.text.utf8), false) }
        let present = (files + manifests).map(\.0).filter(\.exists)
        if !force, let first = present.first {
            let others = present.count > 1 ? " and \(Count(present.count - 1, "other file")) exist" : " exists"
            throw Failure(
                "\(first)\(others), and nothing is overwritten",
                hint: "select another directory with --manifests, or overwrite them with --force")
        }
        for (path, bytes, isExecutable) in files + manifests {
            try path.removingLastComponent().makeDirectory(permissions: .executableByAll)
            try NamedFile.write(bytes, to: path, permissions: isExecutable ? .executableByAll : .readableByAll)
        }
        return (files + manifests).map(\.0)
    }

    private func report(_ result: Import, in directory: FilePath, written: [FilePath]) throws {
        if output == .json {
            Terminal.output(json: try JSONText.pretty(ImportReport(result, in: directory, isWritten: !dryRun)))
            return
        }
        if dryRun {
            for manifest in result.manifests {
                Terminal.output(TextLine(directory.appending(manifest.fileName).string, .bold))
                Terminal.output(TextLine.lines(of: manifest.text))
            }
        }
        for path in written { Terminal.output("Wrote \(path).") }
        for line in ImportText.lines(of: result) { Terminal.note(line) }
        guard !result.isInvalid, !dryRun else { return }
        Terminal.note("")
        Terminal.note("Check the manifests with `cube validate`, and run them with `cube up`.")
    }
}
