import AsyncHTTPClient
import CubeCore
import NIOCore

extension EngineClient {
    /// A message about the progress of a pull.
    struct PullMessage: Decodable {
        var status: String?
        var id: String?
        var progressDetail: Detail?
        var error: String?

        struct Detail: Decodable {
            var current: Int?
            var total: Int?
        }
    }

    /// Pulls an image.
    ///
    /// - Parameters:
    ///   - authorization: the value of `X-Registry-Auth`; `nil` for an anonymous pull.
    ///   - progress: called with each message about the progress.
    func pull(
        _ image: ImageReference, authorization: String?, progress: @Sendable (PullMessage) -> Void
    ) async throws {
        var request = try Request.post("/images/create", [("fromImage", image.name), ("tag", image.version)])
        if let authorization { request.headers.append(("X-Registry-Auth", authorization)) }
        var lines = MessageSplitter()
        let body = try await stream(request)
        do {
            for try await buffer in body {
                for line in lines.take(buffer.readableBytesView) {
                    // A line that is not understood is progress that is not shown.
                    guard let message = try? EngineJSON.decode(PullMessage.self, from: line) else { continue }
                    if let error = message.error { throw EngineError.refused(status: 500, message: error) }
                    progress(message)
                }
            }
        } catch {
            throw failure(error)
        }
    }

    /// One entry of the list of images, or the description of an image.
    private struct ListedImage: Decodable {
        var id: String
        var repoTags: [String]?
        var repoDigests: [String]?

        var image: LocalImage {
            // An image without a name has the tag or the digest `<none>`.
            let tags = (repoTags ?? []).filter { !$0.hasPrefix("<none>") }
            let digests = (repoDigests ?? []).filter { !$0.hasPrefix("<none>") }
            return LocalImage(id: id.asImageID, tags: tags, digests: digests)
        }
    }

    /// Lists the images of the engine.
    func images() async throws -> [LocalImage] {
        let images: [ListedImage] = try await send(.get("/images/json"))
        return images.map(\.image)
    }

    /// Describes an image.
    ///
    /// - Parameter name: a reference or an ID.
    /// - Returns: `nil` if the engine has no such image.
    func image(_ name: String) async throws -> LocalImage? {
        let image: ListedImage? = try await unlessMissing { try await send(.get("/images/\(name)/json")) }
        return image?.image
    }
}

extension String {
    /// The ID of an image with its algorithm, which Podman leaves out in some responses.
    var asImageID: String { contains(":") ? self : "sha256:\(self)" }
}
