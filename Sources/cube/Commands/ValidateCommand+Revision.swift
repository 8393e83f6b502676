import ArgumentParser
import CubeCore
import CubeJSON
import CubeReconciler
import CubeTypes

extension ValidateCommand {
    /// Checks the manifests of a commit, as whoever follows it reads them.
    ///
    /// - Throws: also where they are not valid.
    func checkRevision() async throws {
        let snapshot: ManifestSnapshot
        let directory: String
        if git.localRevision == nil, case .git(let origin) = try git.origin(else: place.manifests) {
            snapshot = try await RemoteLook.manifests(of: origin)
            directory = origin.remote.path
        } else {
            let reader = try RevisionReader(place)
            snapshot = try await reader.manifests(at: git.localRevision)
            directory = "\(try await reader.path())"
        }
        try report(RevisionValidation(snapshot, in: directory))
    }

    private func report(_ validation: RevisionValidation) throws {
        let lines = validation.diagnostics.map { $0.text(source: nil) }
        let fence = output.output == .markdown && !lines.isEmpty ? ["```"] : []
        try output.write(validation.diagnostics, as: fence + lines + fence + [validation.verdict])
        guard !validation.diagnostics.isEmpty else { return }
        let isUnreadable = validation.diagnostics.contains { $0.reason == .unreadable }
        throw ExitCode((isUnreadable ? ExitStatus.trouble : .negative).rawValue)
    }
}

/// What is wrong with the manifests of a commit. Places are told from the root of the repository.
struct RevisionValidation {
    let diagnostics: [Diagnostic]
    private let files: Int
    private let workloads: Int

    /// - Parameter directory: where the manifests are in the repository; `""` for its root.
    init(_ snapshot: ManifestSnapshot, in directory: String) {
        var desired = DesiredState(memory: nil, oneShot: true)
        _ = desired.apply(snapshot)
        let broken = desired.problems + desired.unreadable.sorted { $0.key < $1.key }.flatMap(\.value)
        // That nothing declares a name is known only where all of them were read.
        let contradictions = desired.disputed.sorted().flatMap(desired.diagnostics)
            .filter { broken.isEmpty || $0.reason != .unknownDependency }
        diagnostics = (broken + contradictions).map { diagnostic in
            var diagnostic = diagnostic
            let file = diagnostic.range.filename
            if !directory.isEmpty { diagnostic.range.filename = file.isEmpty ? directory : "\(directory)/\(file)" }
            return diagnostic
        }
        files = snapshot.files.count
        workloads = desired.workloads.count
    }

    var verdict: String {
        let problems = diagnostics.isEmpty ? "no problem" : "\(Count(diagnostics.count, "problem"))"
        return "\(Count(files, "file")), \(Count(workloads, "workload")), \(problems)"
    }
}
