import CubeErrors

/// The result of a call.
enum Outcome<Answer: Equatable & Sendable>: Equatable, Sendable {
    case answer(Answer)
    case refused(ErrorReason)
}

func outcome<Answer>(of call: () async throws -> Answer) async -> Outcome<Answer> {
    do {
        return .answer(try await call())
    } catch {
        return .refused((error as? APIError)?.reason ?? .internal)
    }
}
