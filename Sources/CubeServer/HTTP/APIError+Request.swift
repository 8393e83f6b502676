import CubeErrors

extension APIError {
    static func tooLarge(_ limit: Int) -> APIError {
        APIError(.bodyTooLarge, "the body is larger than \(limit) bytes")
    }
}
