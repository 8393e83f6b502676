import ArgumentParser
import CubeTypes

/// Which manager to talk to, and with what right.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("manager"),
        help: ArgumentHelp(
            "The manager: http://HOST:PORT or unix:PATH. (CUBE_MANAGER; default: the one of the data directory)",
            valueName: "url"))
    var managerOption: String?

    @Option(
        name: .customLong("token-file"),
        help: ArgumentHelp(
            "A file with the manager's token. (CUBE_TOKEN_FILE; default: tokens/ of the data directory)",
            valueName: "file"), completion: .file())
    var tokenFileOption: String?

    @OptionGroup var place: PlaceOptions

    var manager: String? { managerOption ?? Environment.value("CUBE_MANAGER") }
    var tokenFile: String? { tokenFileOption ?? Environment.value("CUBE_TOKEN_FILE") }
}

/// Whose workloads.
struct OwnerOption: ParsableArguments {
    @Option(
        name: .customLong("owner"), help: "The owner of the workloads. (CUBE_OWNER; default: default)",
        transform: OwnerName.parse)
    var ownerOption: OwnerName?

    /// - Throws: a usage error when the environment's owner is no name.
    var owner: OwnerName {
        get throws { try ownerOption ?? Environment.parsed("CUBE_OWNER", as: OwnerName.parse) ?? .default }
    }
}

extension Identifier {
    /// Reads an argument; the error says the rule.
    static func parse(_ argument: String) throws -> Self {
        guard let identifier = Self(rawValue: argument) else {
            throw ValidationError("\"\(argument)\" \(rule)")
        }
        return identifier
    }
}
