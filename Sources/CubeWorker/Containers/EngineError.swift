/// The failure of a request to a container engine.
enum EngineError: Error, Hashable, CustomStringConvertible {
    /// The engine did not respond, so whether it carried out the request is unknown.
    case unreachable(socket: String, cause: String)
    /// An engine responded that did not start the container. It knows nothing of it.
    case otherEngine(socket: String, root: String, expected: String)
    /// The engine refused the request.
    case refused(status: Int, message: String)

    var description: String {
        switch self {
        case .unreachable(let socket, let cause): "the container engine at \(socket) cannot be reached: \(cause)"
        case .otherEngine(let socket, let root, let expected):
            "the container was started by the engine with its data in \(expected), and another engine, with its data in \(root), "
                + "listens on \(socket); set DOCKER_HOST to the socket of the first engine"
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
