import CubeTypes

/// The finding that a tag of an image means another image than the one that runs, or that there is a newer image. It never causes an
/// action.
struct ImageFinding: Hashable, Sendable {
    var reason: String
    var message: String

    /// The tag names another image on the node of a task than the one that runs.
    static let moved = "image_moved"
    /// Tasks with the same definition run different images.
    static let differ = "images_differ"
    /// A registry has a newer image than the manifest.
    static let newer = "newer_image"

    /// - Parameter live: the live tasks of a workload, sorted.
    init?(_ live: [TaskStatus]) {
        let running = live.compactMap(RunningImage.init)
        let moved = running.filter { $0.task.imageMovedTo != nil }
        // 1. Does a tag name another image where a task runs?
        if let first = moved.first, let target = first.task.imageMovedTo {
            let node = first.task.node.map { " on node \($0)" } ?? ""
            let others =
                moved.count > 1 ? " (and \(Count(moved.count - 1, "other task")) of the workload likewise)" : ""
            self.init(
                reason: Self.moved,
                message:
                    "\(first) runs \(first.short), but the tag names \(Self.short(target)) now\(node)\(others); a new "
                    + "task would run that image")
            return
        }
        // 2. Do tasks with the same definition run different images?
        let groups = Dictionary(grouping: running, by: \.task.specDigest).values.sorted {
            $0[0].task.id < $1[0].task.id
        }
        for group in groups {
            guard let other = group.first(where: { $0.digest != group[0].digest }) else { continue }
            self.init(
                reason: Self.differ,
                message:
                    "\(group[0]) runs \(group[0].short) and \(other) runs \(other.short), both as \(other.reference)")
            return
        }
        return nil
    }

    init?(_ newer: NewerImage?, of name: WorkloadName, _ wording: HintWording) {
        guard let newer else { return nil }
        self.init(
            reason: Self.newer,
            message:
                "the registry has \(newer.newest), and the manifest names \(newer.reference); `\(wording(.updateImage(name)))` "
                + "writes it into the manifest")
    }

    private init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }

    /// The beginning of a digest, which is enough to tell images apart.
    fileprivate static func short(_ digest: String) -> String {
        guard let colon = digest.firstIndex(of: ":") else { return String(digest.prefix(12)) }
        return String(digest.prefix(through: colon) + digest[colon...].dropFirst().prefix(12))
    }
}

/// A running task whose image is known, and whose reference may name another one.
private struct RunningImage: CustomStringConvertible {
    let task: TaskStatus
    let digest: String
    let reference: String

    init?(_ task: TaskStatus) {
        guard task.state == .running, let digest = task.imageDigest, let reference = task.definition.image,
            !ImageReference(reference).isPinned
        else { return nil }
        (self.task, self.digest, self.reference) = (task, digest, reference)
    }

    var short: String { ImageFinding.short(digest) }
    var description: String { "\(task.name)/\(task.ordinal)" }
}
