package import CubeErrors
package import CubeTypes

extension WorkerBatch {
    /// Checks that there are not too many operations, and that each is about another task.
    ///
    /// - Throws: `validation_failed`.
    package func check() throws(APIError) {
        guard operations.count <= Self.maximum else {
            throw .invalid([
                ValidationError(
                    field: "operations", value: "\(operations.count)", message: "is above \(Self.maximum)")
            ])
        }
        var ids: Set<TaskID> = []
        let repeated = operations.enumerated().filter { !ids.insert($0.element.id).inserted }
        guard repeated.isEmpty else {
            throw .invalid(
                repeated.map {
                    ValidationError(
                        field: "operations[\($0.offset)]", value: "\($0.element.id)",
                        message: "an earlier operation of this batch is about the same task")
                })
        }
    }

    /// Whether the operations must be carried out by separate calls, after the worker has refused the batch as a whole: it is too
    /// large, the worker does not know batches yet, or it finds one operation so wrong that it reads none.
    package func mustBeSeparated(after error: APIError) -> Bool {
        [.routeNotFound, .methodNotAllowed, .bodyTooLarge, .validationFailed].contains(error.reason)
    }

    /// Returns the answer to each operation.
    ///
    /// - Throws: `malformed_answer` if the results are not those of the operations.
    package func answers(in results: [WorkerResult]) throws(APIError) -> [Result<WorkerTask, any Error>] {
        guard results.count == operations.count else {
            throw APIError(
                .malformedAnswer, "the worker returned \(results.count) results for \(operations.count) operations")
        }
        return zip(operations, results).map { operation, result in
            if let error = result.error { return .failure(error) }
            guard let task = result.task, task.id == operation.id else {
                return .failure(APIError(.malformedAnswer, "\(operation.id): the worker returned no task and no error"))
            }
            return .success(task)
        }
    }
}

extension WorkerOperation {
    /// The HTTP status of the operation as a call of its own.
    ///
    /// - Parameter isNews: whether something was to be done.
    package func status(isNews: Bool) -> Int {
        switch self {
        case .assign: isNews ? 201 : 200
        case .update: 200
        case .stop: 202
        }
    }

    /// The operation with the receipt of the worker's last response, which an assignment of an exclusive task requires.
    package func with(receipt: String?) -> WorkerOperation {
        guard case .assign(var assignment) = self, assignment.definition.exclusive else { return self }
        assignment.receipt = receipt
        return .assign(assignment)
    }
}
