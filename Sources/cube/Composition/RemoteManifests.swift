import CubeCore
import CubeJSON
import CubeReconciler
import FoundationEssentials
import SystemPackage

/// Reads the manifests of a remote repository once, through a temporary clone.
enum RemoteManifests {
    /// - Throws: An error if the remote cannot be read, or its commit lacks a required signature.
    static func read(from origin: GitOrigin) async throws -> ManifestSnapshot {
        let time = SteadyTime()
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-\(UUID().uuidString)").path
        // If this fails, the system cleans up its temporary directory.
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let source = GitSource(
            origin.remote, signers: origin.signers, directory: FilePath(directory).appending("git"),
            git: GitProgram(environment: Environment.all), now: { time.now }, logger: CommandLog.quiet)
        let look = await source.look()
        guard let snapshot = look.snapshot, snapshot.root != nil else {
            let problem = look.snapshot?.problems.last
            throw Failure(problem.map { "\(origin.remote): \($0.summary) (\($0.reason.rawValue))" } ?? "cancelled")
        }
        return snapshot
    }
}
