import AsyncHTTPClient
import NIOCore

/// The body of an answer as it comes. The server is read only as fast as this is; giving it up closes the connection.
package struct AnswerStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    let body: HTTPClientResponse.Body
    let label: String

    package struct AsyncIterator: AsyncIteratorProtocol {
        var base: HTTPClientResponse.Body.AsyncIterator
        let label: String

        @concurrent package mutating func next() async throws -> [UInt8]? {
            do {
                return try await base.next().map { Array($0.readableBytesView) }
            } catch {
                throw transportError(error, label: label)
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: body.makeAsyncIterator(), label: label)
    }
}
