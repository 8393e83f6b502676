extension Endpoint.Address {
    /// Whether no other machine can reach the address.
    package var isOfThisMachineAlone: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _): Self.isLoopback(host)
        }
    }

    package static func isLoopback(_ host: String) -> Bool {
        host.lowercased() == "localhost" || host == "::1" || isIPv4(host) && host.hasPrefix("127.")
    }

    /// Whether the host is an IP address, which DNS cannot redirect.
    package static func isNumeric(_ host: String) -> Bool { host.contains(":") || isIPv4(host) }

    private static func isIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil && $0.utf8.count <= 3 }
    }
}
