import CubeErrors

extension APIError {
    static func tooLarge(_ limit: Int) -> APIError {
        APIError(.bodyTooLarge, "the request body exceeds \(limit) bytes")
    }
}
