import AsyncHTTPClient
import NIOCore

extension EngineClient {
    /// Whether the engine has an image.
    func hasImage(_ image: String) async throws -> Bool {
        try await unlessMissing { try await send(.get("/images/\(image)/json")) } != nil
    }

    /// Pulls an image.
    ///
    /// - Parameters:
    ///   - authorization: the value of `X-Registry-Auth`; `nil` for an anonymous pull.
    ///   - progress: called with each message about the progress.
    func pull(
        _ image: ImageReference, authorization: String?, progress: @Sendable (String) -> Void
    ) async throws {
        struct Message: Decodable {
            var status: String?
            var error: String?
        }
        var request = try Request.post("/images/create", [("fromImage", image.name), ("tag", image.version)])
        if let authorization { request.headers.append(("X-Registry-Auth", authorization)) }
        var lines = MessageSplitter()
        let body = try await stream(request)
        do {
            for try await buffer in body {
                for line in lines.take(buffer.readableBytesView) {
                    // A line that is not understood is progress that is not shown.
                    guard let message = try? EngineJSON.decode(Message.self, from: line) else { continue }
                    if let error = message.error { throw EngineError.refused(status: 500, message: error) }
                    if let status = message.status { progress(status) }
                }
            }
        } catch {
            throw failure(error)
        }
    }
}
