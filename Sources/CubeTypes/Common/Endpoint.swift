/// The address of a server: `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`.
///
/// - Since: 0.1
public struct Endpoint: Identifier {
    /// The syntax of an endpoint, for use in error messages.
    public static let rule = "must be http://HOST:PORT, https://HOST:PORT or unix:PATH"
    public let rawValue: String
    /// The parsed address.
    public let address: Address

    /// Parses `http://HOST:PORT` or `https://HOST:PORT`, with or without a trailing `/`, or `unix:PATH`.
    public init?(rawValue: String) {
        let scheme = ["http://", "https://"].first { rawValue.hasPrefix($0) }
        let text = rawValue.dropFirst(scheme?.count ?? 0)
        guard let address = Address(String(text.hasSuffix("/") && scheme != nil ? text.dropLast() : text)) else {
            return nil
        }
        switch address {
        case .unix where scheme != nil, .tcp where scheme == nil, .tcp(_, port: 0): return nil
        case .unix, .tcp: self.init(address, isSecure: scheme == "https://")
        }
    }

    /// Creates the endpoint for an address, whose port must not be 0.
    ///
    /// - Parameters:
    ///   - address: the address of the server.
    ///   - isSecure: whether the server speaks TLS. Has no effect for a Unix socket.
    public init(_ address: Address, isSecure: Bool = false) {
        self.address = address
        switch address {
        case .tcp: rawValue = "\(isSecure ? "https" : "http")://\(address)"
        case .unix: rawValue = "\(address)"
        }
    }

    /// Whether the server speaks TLS.
    public var isSecure: Bool { rawValue.hasPrefix("https://") }
}

extension Endpoint {
    /// The address of a socket: `HOST:PORT` or `unix:PATH`, as in the option `--listen`.
    ///
    /// - Since: 0.1
    public enum Address: Hashable, Sendable {
        /// A host name, an IPv4 address, or an IPv6 address without brackets. For a listener, port 0 selects a free port.
        case tcp(host: String, port: Int)
        /// A Unix socket at a path.
        case unix(path: String)
    }
}

extension Endpoint.Address {
    /// The rule for an address, worded for a message.
    public static let rule = "must be HOST:PORT or unix:PATH"

    /// The longest path that the kernel accepts for a Unix socket, without the terminating zero.
    private static let longestPath = 107

    /// Parses `HOST:PORT`, with an IPv6 address in brackets, or `unix:PATH` with a path of at most 107 bytes.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard (1...Self.longestPath).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(Self.isDigit), let port = Int(digits),
            port <= 65535
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.utf8.allSatisfy({ Self.isHexadecimal($0) || $0 == UInt8(ascii: ":") }) else {
                return nil
            }
        } else {
            guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(Self.isInHostName) else { return nil }
        }
        self = .tcp(host: String(host), port: port)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private static func isInHostName(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }
}

extension Endpoint.Address: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
