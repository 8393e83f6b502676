import ArgumentParser
import CubeTypes

/// The manager that a command uses, by where its address comes from. A flag takes precedence over the environment, the environment
/// over the current context, and the context over the manager of the data directory.
enum ManagerChoice {
    /// The address was given, in a flag or a variable of this name.
    case given(Endpoint, by: String)
    /// A context.
    case context(ContextName, Contexts.Context, by: String)
    /// The manager that runs on the data directory.
    case local

    /// What selected the manager: a flag, a variable or the current context; `nil` for the manager of the data directory.
    var origin: String? {
        switch self {
        case .given(_, let origin), .context(_, _, let origin): origin
        case .local: nil
        }
    }

    /// Which contexts a command uses.
    enum ContextUse {
        /// Also the current one.
        case current
        /// Only one that a flag or a variable names, because the command acts on this machine otherwise.
        case named
        /// None, because the command needs a token that no login has.
        case none
    }
}

extension ConnectionOptions {
    /// Chooses the manager.
    ///
    /// - Throws: A usage error for an invalid value; a `Failure` if the context does not exist.
    func choice(_ use: ManagerChoice.ContextUse = .current) throws -> ManagerChoice {
        let (context, variable) = (contextOption, Environment.value("CUBE_CONTEXT"))
        if let managerOption {
            guard context == nil else { throw ValidationError("--manager and --context must not both be given") }
            return .given(try Self.endpoint(managerOption, "--manager"), by: "--manager")
        }
        if use != .none, let context { return try Self.context(context, "--context") }
        if let manager = Environment.value("CUBE_MANAGER") {
            return .given(try Self.endpoint(manager, "CUBE_MANAGER"), by: "CUBE_MANAGER")
        }
        if use != .none, let variable { return try Self.context(variable, "CUBE_CONTEXT") }
        guard use == .current, let contexts = try ContextFile.ofUser?.load(), let name = contexts.current else {
            return .local
        }
        return .context(name, try contexts.context(name), by: "the current context")
    }

    private static func endpoint(_ text: String, _ origin: String) throws -> Endpoint {
        guard let endpoint = Endpoint(rawValue: text) else {
            throw ValidationError("\(origin): \"\(text)\" \(Endpoint.rule)")
        }
        return endpoint
    }

    private static func context(_ text: String, _ origin: String) throws -> ManagerChoice {
        guard let name = ContextName(rawValue: text) else {
            throw ValidationError("\(origin): \"\(text)\" \(ContextName.rule)")
        }
        guard name != .local else { return .local }
        guard let file = ContextFile.ofUser else {
            throw Failure("\(origin): \(name) cannot be found, because neither XDG_CONFIG_HOME nor HOME is set")
        }
        return .context(name, try file.load().context(name), by: origin)
    }
}
