import Glibc

/// The addresses of this machine and of others.
package enum IPAddress {
    /// The bytes of an IPv4 or IPv6 address; `nil` if the text is neither.
    static func bytes(of text: String) -> [UInt8]? {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
        return nil
    }

    /// The addresses of the network interfaces of this machine that are up, sorted, without link-local IPv6 addresses.
    package static func ofInterfaces() -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        // Without the list, certificates contain only the names that were given.
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: Set<String> = []
        var next = first
        while let entry = next?.pointee {
            if let address = entry.ifa_addr, let text = numeric(address), !text.contains("%") { found.insert(text) }
            next = entry.ifa_next
        }
        return found.sorted()
    }

    /// The address of this machine from which it reaches a host; `nil` if there is no route, or if the host is unknown. Sends nothing.
    package static func source(toward host: String, port: Int) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var results: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &results) == 0 else { return nil }
        defer { freeaddrinfo(results) }
        var next = results
        while let entry = next?.pointee {
            if let address = source(toward: entry) { return address }
            next = entry.ai_next
        }
        return nil
    }

    private static func source(toward target: addrinfo) -> String? {
        let descriptor = socket(target.ai_family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard connect(descriptor, target.ai_addr, target.ai_addrlen) == 0 else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &length) == 0 ? numeric(address) : nil
            }
        }
    }

    private static func numeric(_ address: UnsafePointer<sockaddr>) -> String? {
        let length: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: length = MemoryLayout<sockaddr_in>.size
        case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, socklen_t(length), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
