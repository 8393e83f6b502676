import NIOCore
import Synchronization

/// The connections of a listener. Closes connections when there are too many.
final class ConnectionPool: Sendable {
    private struct Connections {
        var table: ConnectionTable<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let connections: Mutex<Connections>

    init(limits: ServerLimits) { connections = Mutex(Connections(table: ConnectionTable(limits: limits))) }

    /// Adds a new connection. A connection over a Unix socket needs no token and counts as local.
    func enter(_ channel: any Channel) {
        let leaving = connections.withLock { connections in
            connections.channels[channel.id] = channel
            let leaving = connections.table.enter(channel.id, from: channel.remoteAddress?.share ?? "")
            if channel.isLocal(token: nil) { _ = connections.table.promote(channel.id, to: .local) }
            return leaving.flatMap { connections.channels.removeValue(forKey: $0) }
        }
        leaving?.close(promise: nil)
    }

    /// Records that the client of a connection has presented a valid token.
    ///
    /// - Returns: Whether the limit for this kind of connection allows it.
    func admit(_ channel: any Channel, presenting role: TokenSet.Role) -> Bool {
        connections.withLock { connections in
            if channel.isLocal(token: role), connections.table.promote(channel.id, to: .local) { return true }
            return connections.table.promote(channel.id, to: .member)
        }
    }

    func leave(_ channel: any Channel) {
        connections.withLock { connections in
            connections.table.leave(channel.id)
            connections.channels[channel.id] = nil
        }
    }

    func isStranger(_ channel: any Channel) -> Bool {
        connections.withLock { $0.table.isStranger(channel.id) }
    }
}

extension Channel {
    fileprivate var id: ObjectIdentifier { ObjectIdentifier(self as AnyObject) }

    /// Whether the client is on this machine, and is a component of Cube or a user with write access.
    fileprivate func isLocal(token: TokenSet.Role?) -> Bool {
        switch remoteAddress {
        case .unixDomainSocket: true
        case .v4, .v6: token.map { $0 != .read } ?? false && remoteAddress?.isLoopback == true
        case nil: false
        }
    }
}

extension SocketAddress {
    /// Whether the peer is on this machine: `127.0.0.0/8`, also as mapped to IPv6, or `::1`.
    var isLoopback: Bool {
        let bytes = addressBytes
        if let mapped = Self.mapped(bytes) { return mapped == 127 }
        return bytes.count == 4 ? bytes[0] == 127 : bytes == Array(repeating: 0, count: 15) + [1]
    }

    /// The key by which connections are counted per address: an IPv4 address, or an IPv6 /64 network.
    fileprivate var share: String {
        let bytes = addressBytes
        return bytes.count == 16 && Self.mapped(bytes) == nil ? "\(bytes.prefix(8))" : ipAddress ?? ""
    }

    /// The IP address in network byte order: 4 or 16 bytes; none for another kind of address.
    private var addressBytes: [UInt8] {
        switch self {
        // The family and the port precede it, and in IPv6 the flow information, too.
        case .v4(let address): withUnsafeBytes(of: address.address) { Array($0[4..<8]) }
        case .v6(let address): withUnsafeBytes(of: address.address) { Array($0[8..<24]) }
        case .unixDomainSocket: []
        }
    }

    /// The first byte of an IPv4 address that is mapped to IPv6; `nil` if it is none.
    private static func mapped(_ bytes: [UInt8]) -> UInt8? {
        bytes.count == 16 && bytes.starts(with: Array(repeating: 0, count: 10) + [0xff, 0xff]) ? bytes[12] : nil
    }
}
