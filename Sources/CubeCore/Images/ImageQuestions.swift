package import CubeTypes

/// Which image a registry is asked about next, and what the registries answered.
///
/// The registry of an image is asked at once after a change of the manifest, and an hour after its last answer. If it did not answer,
/// it is asked again after a minute, which doubles with each further failure, up to an hour. The last answer stays valid until then.
package struct ImageQuestions: Sendable {
    private struct Answer {
        var image: WatchedImage
        var newest: String?
        /// Why the last questions were not answered, and how many.
        var problem: String?
        var failures = 0
        var next: Timestamp
    }

    private var wanted: [WorkloadName: WatchedImage] = [:]
    private var known: [WorkloadName: Answer] = [:]

    package static let period = Duration.seconds(3600)
    package static let firstRetry = Duration.seconds(60)

    package init() {}

    /// Replaces the images for which newer ones are looked for.
    ///
    /// - Returns: Whether they differ from the former ones.
    package mutating func watch(_ images: [WorkloadName: WatchedImage]) -> Bool {
        defer { wanted = images }
        return wanted != images
    }

    /// Forgets the answers about images that are no longer watched.
    ///
    /// - Returns: Whether there were any.
    package mutating func forgetOthers() -> Bool {
        let count = known.count
        known = known.filter { wanted[$0.key] == $0.value.image }
        return known.count != count
    }

    /// Returns the first image, by name, about which a registry is to be asked now; `nil` if there is none.
    package func next(at now: Timestamp) -> (name: WorkloadName, image: WatchedImage)? {
        wanted.filter { name, _ in known[name].map { $0.next <= now } ?? true }
            .min { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Returns the time until the next question; `nil` if none will be due.
    package func pause(at now: Timestamp) -> Duration? {
        if wanted.keys.contains(where: { known[$0] == nil }) { return .zero }
        return known.values.map(\.next).min().map { max(.zero, $0 - now) }
    }

    /// Records an answer.
    ///
    /// - Parameter newest: The reference of the newest image; `nil` if that is the given one.
    package mutating func answered(_ name: WorkloadName, _ image: WatchedImage, newest: String?, at now: Timestamp) {
        known[name] = Answer(image: image, newest: newest, next: now + Self.period)
    }

    /// Records that a question was not answered.
    ///
    /// - Returns: The time until the next try, if the reason is another one than before.
    package mutating func failed(
        _ name: WorkloadName, _ image: WatchedImage, because problem: String, at now: Timestamp
    ) -> Duration? {
        let former = known[name].flatMap { $0.image == image ? $0 : nil }
        let failures = (former?.failures ?? 0) + 1
        let delay = min(Self.period, Self.firstRetry * (1 << min(failures - 1, 6)))
        known[name] = Answer(
            image: image, newest: former?.newest, problem: problem, failures: failures, next: now + delay)
        return problem == former?.problem ? nil : delay
    }

    /// The newer images that were found, by workload.
    package var found: [WorkloadName: NewerImage] {
        known.compactMapValues { answer in
            answer.newest.map { NewerImage(than: answer.image.reference, newest: $0) }
        }
    }
}
