import CubeCore
import CubeErrors
import CubeTypes

extension APIError {
    /// A refusal, in words.
    ///
    /// - Parameter worker: the worker that refuses.
    init(_ refusal: PlacementRefusal, by worker: NodeName) {
        switch refusal {
        case .foreignCluster(let cluster, let own):
            let which = own.isOfWorker ? "\(own), its own, as it was given tasks alone" : "\(own)"
            self.init(
                .foreignCluster,
                "worker \(worker) belongs to cluster \(which), not to \(cluster); `cube worker rejoin` on its machine has "
                    + "it forget \(own)")
        case .implausibleTerm(let term):
            self = .invalid([
                ValidationError(field: "term", value: "\(term)", message: "must be from 0 to \(Counter.limit - 1)")
            ])
        case .staleTerm(let term, let accepted):
            self.init(.staleTerm, "term \(term) is lower than \(accepted)", details: ["term": "\(accepted)"])
        case .unknownTask(let id):
            self.init(.taskNotFound, "no task \(id)")
        case .olderPlacement(let id, let placement, let known):
            self.init(.conflict, "\(id): placement \(placement) is older than \(known)")
        case .placementNotEnded(let id, let placement):
            self.init(.conflict, "\(id): placement \(placement) has not ended", retry: true)
        case .otherDefinition(let id, let placement):
            self.init(
                .conflict,
                "\(id): placement \(placement) is known with another definition; give the task another id")
        case .otherPlacement(let id, let placement, let known):
            self.init(.conflict, "\(id): placement \(placement) is not \(known)")
        case .olderThanStarted(let id, let placement, let started):
            self.init(.conflict, "\(id): placement \(placement) is older than \(started), which was started")
        case .unrecordedPlacement(let id, let placement):
            self.init(
                .conflict, "\(id): placement \(placement) has no record, and was asked to end", retry: true)
        case .unrecordedRun(let id):
            self.init(.conflict, "\(id): has no record, and was asked to end", retry: true)
        }
    }
}
