import ArgumentParser
import CubeTypes

/// The address of the manager, and the token to use with it.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("manager"),
        help: ArgumentHelp(
            "Address of the manager: http://HOST:PORT or unix:PATH. (CUBE_MANAGER; default: the manager that runs on the data directory)",
            valueName: "url"))
    var managerOption: String?

    @Option(
        name: .customLong("token-file"),
        help: ArgumentHelp(
            "File that contains the token for the manager. (CUBE_TOKEN_FILE; default: tokens/ in the data directory)",
            valueName: "file"), completion: .file())
    var tokenFileOption: String?

    @OptionGroup var place: PlaceOptions

    var manager: String? { managerOption ?? Environment.value("CUBE_MANAGER") }
    var tokenFile: String? { tokenFileOption ?? Environment.value("CUBE_TOKEN_FILE") }
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
