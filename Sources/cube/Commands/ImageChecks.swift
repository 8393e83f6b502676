import ArgumentParser
import CubeCore
import CubeErrors
import CubeJSON
import CubeReconciler
import CubeSystem
import CubeText
import CubeTypes
import CubeWorker
import SystemPackage

/// Whether there is a newer image for one workload.
struct ImageCheck: Encodable {
    var name: WorkloadName
    /// The manifest, relative to the directory of manifests.
    var file: String
    var line: Int
    var image: String
    /// The reference of the newest image; `nil` if that is the present one.
    var newest: String?
    /// Why the image could not be checked; `nil` if it was.
    var problem: String?

    var edit: ImageEdit? { newest.map { ImageEdit(workload: name, old: image, new: $0) } }
}

/// The checks of all workloads that ask for newer images, sorted by name.
struct ImageChecks {
    private(set) var images: [ImageCheck]

    /// - Throws: if the manifests cannot be read, or one of the names is unknown.
    static func make(of names: NamesArgument, in place: PlaceOptions) async throws -> ImageChecks {
        let workloads = try await workloads(in: place)
        try names.require(knownIn: workloads.map(\.name))
        let client = try RegistryClient.open(clock: BootClock.timer)
        var images: [ImageCheck] = []
        // One after the other, because registries limit the number of requests.
        for workload in workloads where names.contains(workload.name) {
            guard let update = workload.steering.imageUpdate, let image = workload.definition.image else { continue }
            var check = ImageCheck(
                name: workload.name, file: workload.range.filename, line: workload.line, image: image)
            do {
                check.newest = try await client.newest(of: WatchedImage(reference: image, update: update))
            } catch let error as APIError {
                check.problem = error.message
            }
            images.append(check)
        }
        return ImageChecks(images: images)
    }

    /// - Throws: An exit code if an image could not be checked.
    func requireComplete() throws {
        guard images.contains(where: { $0.problem != nil }) else { return }
        throw ExitCode(ExitStatus.error.rawValue)
    }

    private static func workloads(in place: PlaceOptions) async throws -> [Workload] {
        let time = SteadyTime()
        let source = DirectorySource(place.manifests, files: try place.files, now: { time.now })
        guard let snapshot = await source.look(at: .everything) else { return [] }
        var problems = snapshot.problems
        var workloads: [Workload] = []
        for (_, state) in snapshot.files.sorted(by: { $0.key < $1.key }) {
            switch state {
            case .group: break
            case .unreadable(let diagnostics): problems += diagnostics
            case .readable(let declared, _): workloads += declared
            }
        }
        if let problem = problems.first {
            let file = problem.range.filename.isEmpty ? "" : "\(problem.range.filename): "
            throw Failure(
                "cannot read the manifests: \(file)\(problem.message)", hint: "`cube validate` lists all problems")
        }
        return workloads.sorted { $0.name < $1.name }
    }
}
