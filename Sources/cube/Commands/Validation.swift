import CubeCore
import CubeJSON
import CubeReconciler
import CubeSystem
import CubeText
import CubeTypes
import SystemPackage

/// The problems found in manifests. They are read with the reconciler's code, so that both accept the same files.
struct Validation {
    private let reader: LocalFileSystem
    private let manifests: FilePath
    private let time = SteadyTime()
    private(set) var diagnostics: [Diagnostic] = []
    private(set) var lines: [TextLine] = []
    private var files = 0
    private var places: [WorkloadName: SourceRange] = [:]
    private var workloads: [Workload] = []
    /// The directories that were read, by the prefixes of their files in the output.
    private var directories: [(prefix: BytePath, source: DirectorySource, files: [BytePath: FileState])] = []
    /// Whether single files were named. Files that were not read may then declare their dependencies.
    private var namesFiles = false

    /// - Parameters:
    ///   - files: The file system to read from.
    ///   - manifests: The absolute path of the manifests directory. Links of files in it may point wherever the
    ///     reconciler allows.
    init(files: LocalFileSystem, manifests: FilePath) {
        reader = files
        self.manifests = manifests
    }

    var verdict: String {
        let problems = diagnostics.count { $0.severity == .error }
        let warnings = diagnostics.count - problems
        return [
            "\(Count(files, "file"))", "\(Count(places.count, "workload"))",
            problems == 0 ? "no problem" : "\(Count(problems, "problem"))",
        ].joined(separator: ", ") + (warnings == 0 ? "" : ", \(Count(warnings, "warning"))")
    }

    /// Checks a file, or all manifests below a directory.
    ///
    /// - Parameter path: The path as the user wrote it, which is also how it is shown.
    mutating func check(_ path: FilePath) async {
        do throws(FileError) {
            guard try reader.openRoot(path.isEmpty ? "." : path) != nil else {
                files += 1
                return await add(.unreadable, "no such file", in: path)
            }
        } catch {
            // A path that is not a directory is a file.
            guard error.errno == .notDirectory else {
                return await add(.unreadable, "\(path) cannot be opened: \(error.cause)", in: path)
            }
            return await check(file: path)
        }
        let source = source(path)
        await take(await source.look(at: .everything), from: source, shownBelow: path.string == "." ? "" : path)
    }

    private func source(_ directory: FilePath) -> DirectorySource {
        DirectorySource(directory.isEmpty ? "." : directory, files: reader, now: { [time] in time.now })
    }

    /// Checks one file. Files to which it refers are looked up in the manifests directory if the file is in it, and
    /// otherwise in the file's own directory.
    private mutating func check(file path: FilePath) async {
        namesFiles = true
        let absolute = FilePath.absolute(path.string)
        let isManifest = absolute.starts(with: manifests) && absolute != manifests
        let root = isManifest ? manifests : path.removingLastComponent()
        var name = isManifest ? absolute : path.lastComponent.map { FilePath(root: nil, components: $0) } ?? path
        if isManifest { _ = name.removePrefix(manifests) }
        let source = source(root)
        var shown = path
        for _ in name.components { shown.removeLastComponent() }
        await take(await source.look(atFile: BytePath(name)), from: source, shownBelow: shown)
    }

    /// Adds the files and problems of a snapshot.
    ///
    /// - Parameters:
    ///   - source: The source from which lines of files can be read to show them; `nil` for a commit.
    ///   - directory: The prefix of file names in the output.
    mutating func take(
        _ snapshot: ManifestSnapshot?, from source: DirectorySource?, shownBelow directory: FilePath
    ) async {
        guard let snapshot else { return }
        let place = BytePath(directory)
        func shown(_ file: BytePath) -> BytePath { file.isRoot ? place : place.appending(file) }
        func shown(_ range: SourceRange) -> SourceRange {
            SourceRange(
                filename: shown(BytePath(text: range.filename)).text, start: range.start, end: range.end)
        }
        func shown(_ diagnostic: Diagnostic) -> Diagnostic {
            var diagnostic = diagnostic
            diagnostic.range = shown(diagnostic.range)
            return diagnostic
        }
        files += snapshot.files.count
        if let source { directories.append((place, source, snapshot.files)) }
        for diagnostic in snapshot.problems { await add(shown(diagnostic)) }
        // Only the names are sorted, as it takes longer to move the states.
        for file in snapshot.files.keys.sorted() {
            switch snapshot.files[file] {
            case .group, nil: break
            case .unreadable(let diagnostics): for diagnostic in diagnostics { await add(shown(diagnostic)) }
            case .readable(let declared, _):
                for workload in declared.map({ $0.placed(shown) }) {
                    workloads.append(workload)
                    guard let other = places.updateValue(workload.range, forKey: workload.name) else { continue }
                    places[workload.name] = other
                    await add(.duplicateName(workload.name, at: workload.range, first: other))
                }
            }
        }
        for diagnostic in snapshot.warnings { await add(shown(diagnostic)) }
    }

    /// Checks the dependencies between manifests. A missing name is reported only if all manifests were read.
    mutating func checkDependencies() async {
        let isAll = !namesFiles && !diagnostics.contains { $0.severity == .error }
        for diagnostic in DependencyGraph.problems(among: workloads)
        where isAll || diagnostic.reason == .dependencyCycle {
            await add(diagnostic)
        }
    }

    private mutating func add(_ reason: Diagnostic.Reason, _ summary: String, in path: FilePath) async {
        await add(Diagnostic(reason: reason, summary: summary, range: SourceRange(filename: BytePath(path).text)))
    }

    private mutating func add(_ diagnostic: Diagnostic) async {
        diagnostics.append(diagnostic)
        lines += TextLine.lines(of: diagnostic.text(source: await content(of: diagnostic.range.filename)))
    }

    /// Returns the content of a file that was read.
    ///
    /// - Parameter file: its name in the output.
    private func content(of file: String) async -> [UInt8]? {
        for (prefix, source, files) in directories.reversed() {
            guard let path = BytePath(text: file).removing(prefix), files[path] != nil else { continue }
            return await source.content(of: path)
        }
        return nil
    }
}
