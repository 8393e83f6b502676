import ArgumentParser
import CubeTypes

/// The address of the manager, and the token to use with it.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("manager"),
        help: ArgumentHelp(
            "Address of the manager: http://HOST:PORT, https://HOST:PORT or unix:PATH. (CUBE_MANAGER; default: the current context, or else the manager that runs on the data directory)",
            valueName: "url"))
    var managerOption: String?

    @Option(
        name: .customLong("context"),
        help: ArgumentHelp(
            "Context of `cube login`, with the address of the manager and the token; `local` for the manager that runs on the data directory. (CUBE_CONTEXT; default: the current one)",
            valueName: "name"))
    var contextOption: String?

    @Option(
        name: .customLong("token-file"),
        help: ArgumentHelp(
            "File that contains the token for the manager. (CUBE_TOKEN, the token itself, or CUBE_TOKEN_FILE; default: that of the context, or tokens/ in the data directory)",
            valueName: "file"), completion: .file())
    var tokenFileOption: String?

    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp(
            "PEM file with the authorities that may certify an https manager. (CUBE_TLS_CA; default: the authority that the token names, or those of this machine)",
            valueName: "file"), completion: .file())
    var authoritiesOption: String?

    @OptionGroup var place: PlaceOptions

    var authorities: String? { authoritiesOption ?? Environment.value("CUBE_TLS_CA") }

    /// A command that uses the same manager and directories, as it can be typed in the current directory.
    ///
    /// - Parameter words: The command without the program and without these options, such as `task show web/0`.
    func command(_ words: String) -> String {
        let options = PlaceOptions.words([
            "manager": managerOption, "context": contextOption, "token-file": tokenFileOption,
            "tls-ca": authoritiesOption,
        ])
        return place.command(words + options)
    }
}

/// The owner of the workloads.
struct OwnerOption: ParsableArguments {
    @Option(
        name: .customLong("owner"), help: "The owner of the workloads. (CUBE_OWNER; default: default)",
        transform: OwnerName.parse)
    var ownerOption: OwnerName?

    /// - Throws: A usage error if `CUBE_OWNER` is not a valid owner name.
    var owner: OwnerName {
        get throws { try ownerOption ?? Environment.parsed("CUBE_OWNER", as: OwnerName.parse) ?? .default }
    }

    /// The option that selects an owner in a command, after a space; empty for the usual one.
    static func words(_ owner: OwnerName) -> String { owner == .default ? "" : " --owner \(owner)" }
}

extension Identifier {
    /// Parses an argument. The error states the rule for valid values.
    static func parse(_ argument: String) throws -> Self {
        guard let identifier = Self(rawValue: argument) else {
            throw ValidationError("\"\(argument)\" \(rule)")
        }
        return identifier
    }
}
