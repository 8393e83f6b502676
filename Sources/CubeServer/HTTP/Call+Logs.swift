import Hummingbird

extension Call {
    /// Streams the output of a task.
    func logs(_ output: any AsyncSequence<[UInt8], any Error> & Sendable) -> Response {
        stream(contentType: "text/plain; charset=utf-8") { sink in
            for try await bytes in output { try await sink.send(bytes) }
        }
    }
}
