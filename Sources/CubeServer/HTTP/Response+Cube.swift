import CubeErrors
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }

    static let noContent = Response(status: .noContent)

    static func error(_ error: APIError) throws -> Response {
        try json(error, status: HTTPResponse.Status(code: error.status))
    }
}
