import ArgumentParser
import CubeCore
import CubeReconciler
import SystemPackage

extension ValidateCommand {
    /// Validates the manifests of a commit in the way a reconciler reads them. Paths are relative to the root of the
    /// repository.
    func validationOfRevision() async throws -> Validation {
        let snapshot: ManifestSnapshot
        let directory: String
        if git.localRevision == nil, case .git(let origin) = try git.origin(else: place.manifests) {
            snapshot = try await RemoteManifests.read(from: origin)
            directory = origin.remote.path
        } else {
            let reader = try RevisionReader(place)
            snapshot = try await reader.manifests(at: git.localRevision)
            directory = "\(try await reader.path())"
        }
        var validation = Validation(files: try place.files, manifests: place.manifests)
        await validation.take(snapshot, from: nil, shownBelow: FilePath(directory))
        return validation
    }
}
