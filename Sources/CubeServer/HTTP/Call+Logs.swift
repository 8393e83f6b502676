import CubeErrors
import CubeTypes
import Hummingbird

extension Call {
    /// Answers with a task's output, as the query asks for it: `tail` lines of what there is, and, with `follow`, what comes.
    func logs(
        from service: (TaskID, _ tail: Int?, _ follow: Bool) async throws -> any AsyncSequence<[UInt8], any Error>
            & Sendable
    ) async throws -> Response {
        var query = query
        let tail = query.integer("tail", in: 0...1_000_000)
        let follow = query.flag("follow")
        try query.finish()
        let output = try await service(try parameter("id"), tail, follow)
        return stream(contentType: "text/plain; charset=utf-8") { sink in
            for try await bytes in output { try await sink.send(bytes) }
        }
    }
}
