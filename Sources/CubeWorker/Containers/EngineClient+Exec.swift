import AsyncHTTPClient
import NIOCore

extension EngineClient {
    /// The result of a command in a container.
    struct ExecResult: Sendable {
        var exitCode: Int
        /// The end of its output.
        var output: [UInt8]
    }

    /// Runs a command in a running container, without a terminal, and waits for its end.
    ///
    /// - Parameters:
    ///   - outputBytes: how much of its output is kept.
    ///   - started: called with the ID of the execution before the command runs.
    func exec(
        _ command: [String], in name: String, outputBytes: Int, started: @Sendable (String) -> Void
    ) async throws -> ExecResult {
        struct Create: Encodable {
            var attachStdout = true
            var attachStderr = true
            var cmd: [String]
        }
        struct Created: Decodable, Sendable { var id: String }
        struct Start: Encodable {
            var detach = false
            var tty = false
        }
        let created: Created = try await send(try .post("/containers/\(name)/exec", json: Create(cmd: command)))
        started(created.id)
        var frames = FrameSplitter()
        var output: ArraySlice<UInt8> = []
        let body = try await stream(try .post("/exec/\(created.id)/start", json: Start()))
        do {
            for try await buffer in body {
                for payload in frames.take(buffer.readableBytesView) { output += payload }
                output = output.suffix(outputBytes)
            }
        } catch {
            throw failure(error)
        }
        return ExecResult(exitCode: try await exec(created.id).exitCode ?? -1, output: Array(output))
    }

    /// The state of a command in a container.
    struct Exec: Decodable, Sendable {
        var running: Bool
        var exitCode: Int?
        /// The process ID on the node; 0 if it is unknown.
        var pid: Int32
    }

    func exec(_ id: String) async throws -> Exec { try await send(.get("/exec/\(id)/json")) }
}
