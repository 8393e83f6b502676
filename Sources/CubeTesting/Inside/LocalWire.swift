import CubeErrors
import CubeServer
import CubeSystem
import CubeTransport
import CubeTypes

/// A wire to a server of the cluster in this process. All work of a call runs on the cluster's queue, so that the cluster knows when
/// only the advance of time can produce the response.
struct LocalWire: Wire {
    /// The name of the server in messages.
    let name: String
    /// The name of the server in the network.
    let place: String
    let network: Network
    let tasks: QueuedTasks
    let bodies: BodyStreams
    /// The current server; `nil` if none is running.
    let server: @Sendable () -> LocalServer?

    func exchange(_ request: WireRequest) async throws -> WireAnswer {
        let answer = try await reaching(request) {
            guard let server = server() else { throw ConnectionLost(hasArrived: false) }
            return try await network.call(place) {
                try await server.answer(
                    request.method, request.target, headers: request.headers, body: request.body)
            }
        }
        // Like a call over a connection, a cancelled call has no response.
        try Task.checkCancellation()
        let body =
            switch answer.body {
            case .whole(let bytes): ByteStream(AsyncStream([bytes]))
            case .stream(let write): stream(request, write)
            }
        return WireAnswer(status: answer.status, headers: answer.headers, body: body, origin: name)
    }

    /// Runs an operation on the queue, and maps a lost connection to the error of a real one.
    private func reaching<Value: Sendable>(
        _ request: WireRequest, _ operation: @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            return try await withTaskExecutorPreference(tasks) { try await operation() }
        } catch let error as ConnectionLost {
            let words = error.hasArrived ? "the connection was closed" : "Connection refused"
            throw WireError(
                APIError(.unavailable, "\(request.label(at: name)): \(words)"), mayHaveArrived: error.hasArrived)
        }
    }

    /// Streams a body for as long as it is read. Unread output is buffered without a limit, because it is only as much as the test
    /// writes.
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
                        try await network.call(place) {
                            _ = try await race {
                                try await write { sink.yield($0) }
                            } until: {
                                for await _ in ends {}
                            }
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

/// The tasks that write streamed bodies, each for as long as its body is read.
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
