import CubeErrors
import CubeJSON
package import CubeTypes

/// The errors of the definitions in a request, found before the writer carries it out: they depend on nothing else, and finding them
/// takes longer than most of what the writer does.
package struct DefinitionReview: Sendable {
    /// The errors by the positions of the operations in the request; the position is 0 if the request is no batch.
    private var found: [Int: Refusals] = [:]

    private struct Refusals {
        var path: String
        var errors: [ValidationError]
    }

    package init() {}

    private init(of definitions: [(position: Int, definition: TaskDefinition, path: String)]) {
        // The replicas of a workload have the same definition, which is reviewed once. Definitions are the same if their bytes are.
        var known: [ByteKey: Refusals] = [:]
        for (position, definition, path) in definitions where definition.contentSources.isEmpty {
            // A definition that cannot be encoded is reviewed alone.
            let key = definitions.count > 1 ? (try? JSONBytesEncoder.bytes(of: definition)).map(ByteKey.init) : nil
            var refusals = key.flatMap { known[$0] }
            if refusals?.path != path { refusals = nil }
            let result = refusals ?? Refusals(path: path, errors: definition.refusals(at: path))
            if let key { known[key] = result }
            found[position] = result
        }
    }

    /// Returns the errors of a definition: those that are known, or those that are found now. A definition with contents is not known,
    /// because its contents get their digests first.
    ///
    /// - Parameter position: the position of the operation in the request.
    func refusals(of definition: TaskDefinition, in position: Int, at path: String) -> [ValidationError] {
        if let known = found[position], known.path == path { return known.errors }
        return definition.refusals(at: path)
    }
}

extension DefinitionReview {
    /// The path of the definition in a proposal.
    static let proposalPath = "task.definition"
    /// The path of a definition alone in a batch.
    static let batchPath = "definition"

    package init(of request: ScheduleRequest) { self.init(of: [(0, request.task.definition, Self.proposalPath)]) }

    package init(of definition: TaskDefinition) { self.init(of: [(0, definition, "")]) }

    package init(of request: BatchRequest) {
        // A batch with more operations is refused.
        let operations = request.operations.prefix(BatchRequest.maximum).enumerated()
        self.init(
            of: operations.compactMap { position, operation in
                switch operation {
                case .definition(let definition): (position, definition, Self.batchPath)
                case .schedule(let proposal, _): (position, proposal.definition, Self.proposalPath)
                case .update, .stop: nil
                }
            })
    }
}
