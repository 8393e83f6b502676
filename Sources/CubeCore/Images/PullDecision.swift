package import CubeTypes

/// What a worker does about the image of a task before it creates the container of a run.
package enum PullDecision: Hashable, Sendable {
    /// Create the container with the image of the node.
    case use
    /// Pull the image first. If that fails, a refresh continues with the image of the node.
    case pull(isRefresh: Bool)
    /// The run cannot start; with the reason.
    case refuse(String)

    /// - Parameters:
    ///   - definition: the definition of a container.
    ///   - run: the number of the run in its placement.
    ///   - isPresent: whether the node has the image; `nil` if that is unknown yet.
    ///   - isPulled: whether a pull was already attempted for this run.
    package init(for definition: TaskDefinition, run: Int, isPresent: Bool?, isPulled: Bool) {
        switch (definition.pull.policy, isPresent) {
        case (.never, false?):
            self = .refuse("image \(definition.image ?? "") is not on this node, and pull.policy is \"never\"")
        // Not before a restart: an outage of the registry must not prevent it, and all runs of a placement are alike.
        case (.always, nil) where run == 1 && !isPulled: self = .pull(isRefresh: true)
        case (_, false?): self = .pull(isRefresh: false)
        case (_, true?), (_, nil): self = .use
        }
    }
}
