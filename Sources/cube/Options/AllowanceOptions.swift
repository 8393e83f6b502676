import ArgumentParser
import CubeCore
import CubeTypes

/// What the tasks of a worker may have beyond the safe default.
struct AllowanceOptions: ParsableArguments {
    @Option(
        name: .customLong("allow-capability"),
        help: ArgumentHelp(
            "Capability of Linux that containers may add, such as NET_ADMIN. Can be repeated. (CUBE_ALLOW_CAPABILITY, "
                + "separated by commas; default: none)",
            valueName: "name"), transform: AllowanceOptions.capability)
    var capabilities: [String] = []
    @Option(
        name: .customLong("allow-device"),
        help: ArgumentHelp(
            "Device that containers may use, such as /dev/net/tun. Can be repeated. (CUBE_ALLOW_DEVICE, separated by "
                + "commas; default: none)",
            valueName: "path"), transform: AllowanceOptions.device)
    var devices: [String] = []
    @Flag(
        name: .customLong("allow-host-network"),
        help: "Let containers use the network of the node. (CUBE_ALLOW_HOST_NETWORK=true; default: no)")
    var hostNetwork = false
    @Option(
        name: .customLong("allow-mount"),
        help: ArgumentHelp(
            "Directory or file that tasks may mount, with everything below it; with :ro, only read-only. Can be repeated. "
                + "(CUBE_ALLOW_MOUNT, separated by commas; default: none)",
            valueName: "path[:ro]"), transform: AllowanceOptions.mount)
    var mounts: [AllowedMount] = []

    /// The allowances. A list in an option replaces the list in the environment.
    var allowances: NodeAllowances {
        get throws {
            NodeAllowances(
                capabilities: Set(try capabilities.or("CUBE_ALLOW_CAPABILITY", Self.capability)).sorted(),
                devices: Set(try devices.or("CUBE_ALLOW_DEVICE", Self.device)).sorted(),
                hostNetwork: try hostNetwork
                    || Environment.parsed("CUBE_ALLOW_HOST_NETWORK", as: Self.boolean) ?? false,
                mounts: Set(try mounts.or("CUBE_ALLOW_MOUNT", Self.mount))
                    .sorted { ($0.path, $0.readOnly ? 1 : 0) < ($1.path, $1.readOnly ? 1 : 0) })
        }
    }

    func validate() throws { _ = try allowances }

    private static func capability(_ text: String) throws -> String {
        guard !Capability.names.contains(text) else { return text }
        let hint = Capability.suggestion(for: text).map { "; \($0)" } ?? ""
        throw ValidationError("\"\(text)\" \(Capability.rule)\(hint)")
    }

    private static func device(_ text: String) throws -> String {
        guard NodePath.isDevice(text) else {
            throw ValidationError("\"\(text)\" must be an absolute path below /dev without \".\" or \"..\"")
        }
        return text
    }

    private static func mount(_ text: String) throws -> AllowedMount {
        let isReadOnly = text.hasSuffix(":ro")
        guard let path = NodePath(isReadOnly ? String(text.dropLast(3)) : text) else {
            throw ValidationError("\"\(text)\" must be an absolute path without \"..\", optionally followed by :ro")
        }
        return AllowedMount(path: path.text, readOnly: isReadOnly)
    }

    private static func boolean(_ text: String) throws -> Bool {
        switch text {
        case "true", "1": true
        case "false", "0": false
        default: throw ValidationError("\"\(text)\" must be true or false")
        }
    }
}

extension Array {
    /// The values of a repeatable option or, if there are none, those of a variable.
    fileprivate func or(_ variable: String, _ parse: (String) throws -> Element) throws -> [Element] {
        guard isEmpty else { return self }
        return try Environment.parsed(variable) { text in
            try text.split(separator: ",").map { try parse(String($0)) }
        } ?? []
    }
}
