import CubeTypes

/// The name of a context: a manager that `cube login` made known.
struct ContextName: Identifier {
    static let rule =
        "must be 1 to 63 characters from a-z, 0-9, \".\", \"_\" and \"-\", and not begin with \".\" or \"-\""
    let rawValue: String

    init?(rawValue: String) {
        guard (1...63).contains(rawValue.utf8.count), let first = rawValue.first, first != ".", first != "-",
            rawValue.utf8.allSatisfy({ byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "._-".utf8.contains(byte)
            })
        else { return nil }
        self.rawValue = rawValue
    }

    /// The name for the manager of the data directory, which needs no login.
    static let local: ContextName = "local"

    /// Creates a name from an address: its host, and its port unless it is the usual one.
    init(for endpoint: Endpoint) {
        let text =
            switch endpoint.address {
            case .tcp(let host, 8081): host
            case .tcp(let host, let port): "\(host)-\(port)"
            case .unix(let path): path.split(separator: "/").last.map(String.init) ?? "socket"
            }
        let valid = text.lowercased().map { Self(rawValue: "a\($0)") == nil ? "-" : String($0) }.joined()
        self = Self(rawValue: String(valid.drop { $0 == "-" || $0 == "." }.prefix(63))) ?? "manager"
    }
}
