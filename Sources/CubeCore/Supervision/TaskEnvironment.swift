package import CubeTypes

/// The whole environment of a task. The task inherits no variable of the worker.
package struct TaskEnvironment: Hashable, Sendable {
    package private(set) var variables: [String: String]

    /// Creates the environment of a task.
    ///
    /// `env` and `env_from` may override `PATH`, `HOME`, `LANG` and the addresses of dependencies, but not the ports and the
    /// `CUBE_` variables, which identify the task. References in `env` are expanded once: an inserted value is not expanded
    /// again.
    ///
    /// - Parameters:
    ///   - files: the variables of the files in `env_from`, in the same order.
    ///   - base: the variables that every task of the runtime has.
    ///   - ports: the numbers of the ports that the program listens on, by name; `nil` for those of the node.
    package init(
        _ assignment: TaskAssignment, files: [[String: String]] = [], base: [String: String],
        ports: [String: Int]? = nil
    ) {
        let ports = ports ?? assignment.ports
        variables = base
        variables.merge(assignment.addresses) { usual, _ in usual }
        for file in files { variables.merge(file) { _, later in later } }
        variables.merge(assignment.definition.env) { _, own in own }
        for port in assignment.definition.ports {
            variables[port.variable] = ports[port.name].map { String($0) }
        }
        variables["CUBE_NAME"] = assignment.definition.name.rawValue
        variables["CUBE_ORDINAL"] = String(assignment.ordinal)
        variables[Self.taskID] = assignment.id.rawValue
        variables["CUBE_OWNER"] = assignment.owner.rawValue
        let written = self
        for name in assignment.definition.env.keys { variables[name] = variables[name].map(written.expand) }
    }

    /// Creates the environment of a process.
    ///
    /// - Parameters:
    ///   - files: the variables of the files in `env_from`, in the same order.
    ///   - home: the home directory of the user that the process runs as.
    package init(_ assignment: TaskAssignment, files: [[String: String]] = [], home: String) {
        let base = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "LANG": "C.UTF-8",
        ]
        self.init(assignment, files: files, base: base)
    }

    /// The variable that identifies the processes of a task.
    package static let taskID = "CUBE_TASK_ID"

    /// The variable that identifies the commands that a worker started in a container for a client.
    package static let execMark = "CUBE_EXEC"

    /// The variables that identify a task, which nobody else may set.
    static let reserved = ["CUBE_NAME", "CUBE_ORDINAL", "CUBE_OWNER", taskID]

    /// Adds variables, which replace those of the same name.
    package mutating func merge(_ others: [String: String]) { variables.merge(others) { $1 } }

    /// The variables as `NAME=value`, sorted by name.
    package var entries: [String] { variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }

    /// Replaces `$(NAME)` by the value of the variable. `$$(NAME)` becomes `$(NAME)`, and references to unknown variables are
    /// left unchanged.
    package func expand(_ text: String) -> String { Self.expand(text) { variables[$0] } }

    static func expand(_ text: String, _ variable: (String) -> String?) -> String {
        // Iterate over scalars, so that a combining mark cannot hide the character before it.
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            let escaped = rest.starts(with: "$$(".unicodeScalars)
            guard escaped || rest.starts(with: "$(".unicodeScalars), let close = rest.firstIndex(of: ")") else {
                result.append(rest.removeFirst())
                continue
            }
            let reference = rest[(escaped ? rest.index(after: dollar) : dollar)...close]
            let name = String(reference.dropFirst(2).dropLast())
            result += escaped ? reference : variable(name)?.unicodeScalars[...] ?? reference
            rest = rest[rest.index(after: close)...]
        }
        return String(result + rest)
    }
}
