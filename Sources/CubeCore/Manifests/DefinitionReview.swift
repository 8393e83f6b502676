import CubeErrors
package import CubeTypes

/// The errors of definitions, found before the writer carries out the command that contains them: they depend on nothing else, and
/// finding them takes longer than most of what the writer does. The replicas of a workload have the same definition, which is reviewed
/// once.
package struct DefinitionReview: Sendable {
    private var found: [TaskDefinition: Refusals] = [:]

    private struct Refusals {
        var path: String
        var errors: [ValidationError]
    }

    package init() {}

    /// - Parameters:
    ///   - definitions: the definitions of a command.
    ///   - path: the path of each of them in the request, without the position in a batch.
    package init(of definitions: some Sequence<TaskDefinition>, at path: String) {
        for definition in definitions where found[definition] == nil {
            found[definition] = Refusals(path: path, errors: definition.refusals(at: path))
        }
    }

    /// Returns the errors of a definition, which may not have been reviewed.
    func refusals(of definition: TaskDefinition, at path: String) -> [ValidationError] {
        if let known = found[definition], known.path == path { return known.errors }
        return definition.refusals(at: path)
    }
}

extension DefinitionReview {
    /// The path of the definition in a proposal.
    static let proposalPath = "task.definition"
    /// The path of a definition alone in a batch.
    static let batchPath = "definition"

    package init(of request: ScheduleRequest) { self.init(of: [request.task.definition], at: Self.proposalPath) }

    package init(of request: BatchRequest) {
        // A batch with more operations is refused.
        let operations = request.operations.prefix(BatchRequest.maximum)
        let definitions = operations.compactMap { operation in
            if case .definition(let definition) = operation { definition } else { nil }
        }
        self.init(of: definitions, at: Self.batchPath)
        let proposed = operations.compactMap { operation in
            if case .schedule(let proposal, _) = operation { proposal.definition } else { nil }
        }
        found.merge(DefinitionReview(of: proposed, at: Self.proposalPath).found) { _, last in last }
    }
}
