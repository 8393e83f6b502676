import CubeErrors
import CubeServer
import CubeTransport
import CubeTypes

/// Carries the calls of clients to a server of the cluster, in this process. All that a call does is done on the cluster's queue,
/// so that it is known when nothing but time can bring its answer.
struct LocalWire: Wire {
    /// How messages name the server.
    let name: String
    /// Its place among the ways.
    let place: String
    let ways: Ways
    let tasks: QueuedTasks
    let bodies: BodyStreams
    /// Who serves there now; `nil` where nobody does.
    let server: @Sendable () -> LocalServer?

    func exchange(_ request: WireRequest) async throws -> WireAnswer {
        let answer = try await reaching(request) {
            guard let server = server() else { throw IsCut(hasArrived: false) }
            return try await ways.call(place) {
                try await server.answer(
                    request.method, request.target, headers: request.headers, body: request.body)
            }
        }
        // A call that is given up has no answer, as over a connection.
        try Task.checkCancellation()
        let body =
            switch answer.body {
            case .whole(let bytes): ByteStream(AsyncStream([bytes]))
            case .stream(let write): stream(request, write)
            }
        return WireAnswer(status: answer.status, headers: answer.headers, body: body, origin: name)
    }

    /// Does something on the queue, and says what it means where the server is not there.
    private func reaching<Value: Sendable>(
        _ request: WireRequest, _ operation: @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            return try await withTaskExecutorPreference(tasks) { try await operation() }
        } catch let error as IsCut {
            let words = error.hasArrived ? "the connection was closed" : "Connection refused"
            throw WireError(
                .onTheWay(.unavailable, "\(request.label(at: name)): \(words)"), mayHaveArrived: error.hasArrived)
        }
    }

    /// A body that is written as long as it is read. What is written is kept until it is read: it is as much as the test had its
    /// tasks write.
    private func stream(
        _ request: WireRequest,
        _ write: @escaping @Sendable (@escaping @Sendable ([UInt8]) -> Void) async throws -> Void
    ) -> ByteStream {
        let (pieces, sink) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        let (ends, reader) = AsyncStream.makeStream(of: Never.self)
        sink.onTermination = { _ in reader.finish() }
        let passing = TimePassing.current
        bodies.add {
            do {
                try await TimePassing.$current.withValue(passing) {
                    try await reaching(request) {
                        try await ways.call(place) {
                            try await untilFinished(ends) { try await write { sink.yield($0) } }
                        }
                    }
                }
                sink.finish()
            } catch {
                sink.finish(throwing: error)
            }
        }
        return ByteStream(pieces)
    }
}

extension AsyncStream where Element: Sendable {
    fileprivate init(_ elements: [Element]) {
        self.init { continuation in
            for element in elements { continuation.yield(element) }
            continuation.finish()
        }
    }
}

/// Runs an operation until it returns, or a stream is finished.
func untilFinished(
    _ ends: AsyncStream<Never>, _ operation: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await operation() }
        group.addTask { for await _ in ends {} }
        try await group.next()
    }
}

/// Writes the bodies that are streamed, each as long as it is read.
final class BodyStreams: Sendable {
    private let jobs: AsyncStream<@Sendable () async -> Void>
    private let entrance: AsyncStream<@Sendable () async -> Void>.Continuation

    init() { (jobs, entrance) = AsyncStream.makeStream() }

    func add(_ job: @escaping @Sendable () async -> Void) { entrance.yield(job) }

    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await job() } }
            group.cancelAll()
        }
    }
}
