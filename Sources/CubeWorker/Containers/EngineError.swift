/// The failure of a request to a container engine.
enum EngineError: Error, Hashable, CustomStringConvertible {
    /// The engine did not respond, so whether it carried out the request is unknown.
    case unreachable(socket: String, cause: String)
    /// The engine refused the request.
    case refused(status: Int, message: String)

    var description: String {
        switch self {
        case .unreachable(let socket, let cause): "the container engine at \(socket) cannot be reached: \(cause)"
        case .refused(_, let message): message
        }
    }

    /// Whether the container, image or process does not exist.
    var isNotFound: Bool { isRefusal(404) }
    /// Whether the request conflicts with the state of the container, such as a second container of the same name.
    var isConflict: Bool { isRefusal(409) }

    private func isRefusal(_ expected: Int) -> Bool {
        if case .refused(expected, _) = self { true } else { false }
    }
}
