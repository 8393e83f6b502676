import CubeCore
import CubeErrors
import CubeTypes

extension APIError {
    /// Creates the error that reports a refusal to the caller.
    ///
    /// - Parameter worker: the options of the worker that refuses the call.
    init(_ refusal: PlacementRefusal, by worker: WorkerOptions) {
        switch refusal {
        case .foreignCluster(let cluster, let own):
            let which = own.isOfWorker ? "\(own) (its own, founded when it received tasks without a manager)" : "\(own)"
            self.init(
                .foreignCluster,
                "worker \(worker.name) belongs to cluster \(which), not to \(cluster); run \(worker.command("worker rejoin")) "
                    + "on its machine to make it forget \(own)")
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
                "\(id): placement \(placement) was assigned before with a different definition; give the task another id"
            )
        case .otherPlacement(let id, let placement, let known):
            self.init(.conflict, "\(id): placement \(placement) is not the current placement, \(known)")
        case .olderThanStarted(let id, let placement, let started):
            self.init(.conflict, "\(id): placement \(placement) is older than \(started), which has already started")
        case .unrecordedPlacement(let id, let placement):
            self.init(
                .conflict, "\(id): placement \(placement) has no record and is being stopped", retry: true)
        case .unrecordedRun(let id):
            self.init(.conflict, "\(id): the task has no record and its run is being stopped", retry: true)
        }
    }
}
