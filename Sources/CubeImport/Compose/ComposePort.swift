/// A port mapping of a Compose service: a range of ports of the container, and where they are published.
struct ComposePort {
    var target: ClosedRange<Int>
    /// The published ports; `nil` for one that the engine chooses.
    var published: ClosedRange<Int>?
    var hostAddress: String?
    var transport: String
    var name: String?

    /// The rule of the short syntax.
    static let rule = "must be [[ADDRESS:]PUBLISHED:]TARGET[/PROTOCOL], with ports or ranges of ports"

    /// Parses the short syntax.
    init?(short text: String) {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        transport = halves.count == 2 ? String(halves[1]).lowercased() : "tcp"
        var parts = halves[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let last = parts.popLast(), let target = Self.range(last) else { return nil }
        self.target = target
        if let text = parts.popLast() {
            // An empty part between two colons stands for a port that the engine chooses.
            guard text.isEmpty || Self.range(text) != nil else { return nil }
            published = text.isEmpty ? nil : Self.range(text)
        }
        guard !parts.isEmpty else { return }
        let address = parts.joined(separator: ":")
        hostAddress = address.hasPrefix("[") ? String(address.dropFirst().dropLast()) : address
    }

    /// Creates a mapping from the long syntax.
    ///
    /// - Returns: `nil` if a port is invalid.
    init?(long value: ComposeValue) {
        guard let target = value["target"]?.text.flatMap(Self.range) else { return nil }
        self.target = target
        if let text = value["published"]?.text, !text.isEmpty {
            guard let published = Self.range(text) else { return nil }
            self.published = published
        }
        hostAddress = value["host_ip"]?.text
        transport = value["protocol"]?.text?.lowercased() ?? "tcp"
        name = value["name"]?.text
    }

    /// Whether the published ports correspond to the target ports one by one.
    var isOneToOne: Bool { published?.count == target.count }

    private static func range(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
            (1...65_535).contains(first), (first...65_535).contains(last), last - first < 1000
        else { return nil }
        return first...last
    }

    /// What identifies a mapping when files are merged.
    static func uniqueKey(_ value: ComposeValue) -> String? {
        let port = value.text.map { ComposePort(short: $0) } ?? ComposePort(long: value)
        guard let port else { return nil }
        let published = port.published.map { "\($0)" } ?? ""
        return "\(port.hostAddress ?? "") \(published) \(port.target) \(port.transport)"
    }
}
