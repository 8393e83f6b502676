import Hummingbird

extension Call {
    /// Answers with a task's output as it comes.
    func logs(_ output: any AsyncSequence<[UInt8], any Error> & Sendable) -> Response {
        stream(contentType: "text/plain; charset=utf-8") { sink in
            for try await bytes in output { try await sink.send(bytes) }
        }
    }
}
