import CubeJSON

/// A place in a JSON value, as errors name it: `operations[2].schedule.task.definition.env["A"]`.
struct JSONPlace {
    /// The members whose values are never told, nor what stands below them.
    static let secrets: Set = ["content", "env"]

    private(set) var path = ""
    private(set) var isSecret = false

    /// The path; `body` for the whole.
    var text: String { path.isEmpty ? "body" : path }

    /// The member of an object, by a key that the interface gives.
    func member(_ key: String) -> JSONPlace {
        JSONPlace(
            path: path.isEmpty ? key : "\(path).\(key)", isSecret: isSecret || Self.secrets.contains(key))
    }

    /// The member of an object whose keys its writer chooses.
    func name(_ key: String) -> JSONPlace { JSONPlace(path: "\(path)[\(Quoted(key))]", isSecret: isSecret) }

    /// The element of an array.
    func element(_ index: Int) -> JSONPlace { JSONPlace(path: "\(path)[\(index)]", isSecret: isSecret) }
}
