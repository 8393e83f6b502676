import CubeCore
import CubeJSON
import CubeReconciler
import FoundationEssentials
import SystemPackage

/// One look at a remote repository, through a clone that goes when it is over.
enum RemoteLook {
    /// - Throws: where the remote cannot be read, or its commit is not signed as it must be.
    static func manifests(of origin: GitOrigin) async throws -> ManifestSnapshot {
        let time = SteadyTime()
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-\(UUID().uuidString)").path
        // It is under the system's own temporary directory: what cannot be removed goes with that.
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
