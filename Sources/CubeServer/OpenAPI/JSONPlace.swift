import CubeJSON

/// The path of a value in a JSON document, as in errors: `operations[2].schedule.task.definition.env["A"]`.
struct JSONPlace {
    /// The members whose values, including nested values, never appear in errors.
    static let secrets: Set = ["content", "data", "env"]

    private(set) var path = ""
    private(set) var isSecret = false

    /// The path; `body` for the whole document.
    var text: String { path.isEmpty ? "body" : path }

    /// The path of a member with a key that the API defines.
    func member(_ key: String) -> JSONPlace {
        JSONPlace(
            path: path.isEmpty ? key : "\(path).\(key)", isSecret: isSecret || Self.secrets.contains(key))
    }

    /// The path of a member with a key that the client chooses.
    func name(_ key: String) -> JSONPlace { JSONPlace(path: "\(path)[\(Quoted(key))]", isSecret: isSecret) }

    /// The path of an array element.
    func element(_ index: Int) -> JSONPlace { JSONPlace(path: "\(path)[\(index)]", isSecret: isSecret) }
}
