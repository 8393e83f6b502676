import CubeCore
import CubeErrors
import CubeTypes
import Testing

@testable import CubeWorker

@Suite(.timeLimit(.minutes(2)))
struct BatchTests {
    private func batch(_ operations: [WorkerOperation], term: Int = 1) -> WorkerBatch {
        WorkerBatch(cluster: WorkerWorld.cluster, term: term, operations: operations)
    }

    @Test func `Each operation of a batch has the result that it has as a call, and is recorded`()
        async throws
    {
        try await WorkerWorld.with { world in
            let running = TaskAssignment.script("echo ready; sleep 1000")
            let new = (1...5).map { TaskAssignment.script("echo \($0)") }
            let refused = TaskAssignment.script("") { $0.image = "web:1" }
            let unknown = TaskAssignment.script("exit 0")
            var settings = running.definition
            settings.labels = ["team": "shop"]
            try await world.worker { worker in
                try await worker.assign(running)
                try await worker.output(running.id, until: "ready")
                let operations: [WorkerOperation] =
                    new.map { .assign($0) }
                    + [
                        .assign(refused), .stop(unknown.id, placement: 1),
                        .update(
                            running.id,
                            TaskSettings(cluster: running.cluster, term: 1, placement: 1, definition: settings)),
                    ]
                let results = try await worker.service.carryOut(batch(operations))
                #expect(results.map(\.status) == [201, 201, 201, 201, 201, 400, 202, 200])
                for (operation, result) in zip(operations, results) where result.error == nil {
                    #expect(result.task?.id == operation.id)
                    #expect(try world.store.record(of: operation.id) != nil)
                }
                #expect(results[5].error?.fields.map(\.field) == ["definition.image"])
                #expect(results[6].task?.reason == .stoppedBeforeStart)
                #expect(results[7].task?.settingsDigest == settings.settingsDigest)
                for assignment in new {
                    #expect(try await worker.ended(assignment.id).state == .completed)
                }
                // A repeated batch changes nothing.
                let again = try await worker.service.carryOut(batch(operations))
                #expect(again.map(\.status) == [200, 200, 200, 200, 200, 400, 202, 200])
                #expect(try await !worker.service.assign(unknown).created)
                let stops = try await worker.service.carryOut(
                    batch([.stop(running.id, placement: 1), .stop(new[0].id, placement: 1)]))
                #expect(stops.map(\.status) == [202, 202])
                #expect(try await worker.ended(running.id).state == .stopped)
            }
            try await world.worker { worker in
                let tasks = try await worker.list().tasks
                #expect(tasks.count == new.count + 2)
                #expect(tasks.allSatisfy { $0.state.hasEnded })
            }
        }
    }

    @Test func `A batch is refused as a whole if it is too long, repeats a task, or comes from a former manager`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                try await worker.assign(.script("exit 0", term: 5))
                let assignment = TaskAssignment.script("exit 0", term: 5)
                let stop = WorkerOperation.stop(assignment.id, placement: 1)
                let repeated = await #expect(throws: APIError.self) {
                    try await worker.service.carryOut(batch([.assign(assignment), stop], term: 5))
                }
                #expect(repeated?.fields.map(\.field) == ["operations[1]"])
                let long = await #expect(throws: APIError.self) {
                    let operations = (0...WorkerBatch.maximum).map { _ in
                        WorkerOperation.assign(.script("exit 0", term: 5))
                    }
                    return try await worker.service.carryOut(batch(operations, term: 5))
                }
                #expect(long?.fields.map(\.field) == ["operations"])
                let stale = await #expect(throws: APIError.self) {
                    try await worker.service.carryOut(batch([.assign(assignment)], term: 4))
                }
                #expect(stale?.reason == .staleTerm)
                // One operation of a former manager does not hold up the others.
                let results = try await worker.service.carryOut(
                    batch([.assign(assignment), .assign(.script("exit 0", term: 4))], term: 5))
                #expect(results.map(\.status) == [201, 409])
                #expect(await worker.service.table.records.count == 2)
            }
        }
    }

    @Test func `If one record of a batch cannot be written, the others are`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignments = (1...4).map { _ in TaskAssignment.script("exit 0") }
                // A directory has the name of the record's temporary file.
                let blocked = world.store.directory(of: assignments[2].id)
                try LocalFiles.makeDirectory(blocked)
                try LocalFiles.makeDirectory("\(blocked)/.record.json.tmp")
                let results = try await worker.service.carryOut(batch(assignments.map { .assign($0) }))
                #expect(results.map { $0.error?.reason } == [nil, nil, .internal, nil])
                #expect(await worker.service.table[assignments[2].id] == nil)
            }
        }
    }
}
