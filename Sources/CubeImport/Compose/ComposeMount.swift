/// A volume, bind mount or tmpfs of a Compose service.
struct ComposeMount {
    enum Kind: String {
        case bind, volume, tmpfs
        /// Kinds that only the long syntax has.
        case cluster, npipe, image
    }

    var kind: Kind
    /// The path of a bind mount, as written, or the name of a volume; `nil` for an anonymous volume.
    var source: String?
    var target: String
    var isReadOnly: Bool
    /// The options of the short syntax other than `ro` and `rw`.
    var options: [String] = []

    /// Parses the short syntax.
    init?(short text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        let words = parts.count == 3 ? parts.removeLast().split(separator: ",").map(String.init) : []
        isReadOnly = words.contains("ro")
        options = words.filter { $0 != "ro" && $0 != "rw" }
        target = parts.removeLast()
        source = parts.last
        kind = source.map(Self.isPath) == true ? .bind : .volume
        guard target.hasPrefix("/") else { return nil }
    }

    /// Creates a mount from the long syntax.
    init?(long value: ComposeValue) {
        guard let kind = value["type"]?.text.flatMap(Kind.init), let target = value["target"]?.text,
            target.hasPrefix("/")
        else { return nil }
        self.kind = kind
        self.target = target
        source = value["source"]?.text
        isReadOnly = value["read_only"]?.boolean ?? false
    }

    private static func isPath(_ source: String) -> Bool {
        [".", "/", "~"].contains { source.hasPrefix($0) }
    }

    /// What identifies a mount when files are merged.
    static func uniqueKey(_ value: ComposeValue) -> String? {
        (value.text.map { ComposeMount(short: $0) } ?? ComposeMount(long: value))?.target
    }
}

extension ComposeValue {
    /// A boolean in any notation of YAML.
    var boolean: Bool? {
        switch text?.lowercased() {
        case "true", "yes", "on", "y", "1": true
        case "false", "no", "off", "n", "0": false
        default: nil
        }
    }
}
