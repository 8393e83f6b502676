import NIOCore
import Synchronization

/// The connections of a listener: closes those that must give way.
final class ConnectionPool: Sendable {
    private struct Connections {
        var table: ConnectionTable<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let connections: Mutex<Connections>

    init(limits: ServerLimits) { connections = Mutex(Connections(table: ConnectionTable(limits: limits))) }

    /// Takes in a new connection. One over a Unix socket needs no token, so it counts as one of this machine.
    func enter(_ channel: any Channel) {
        let leaving = connections.withLock { connections in
            connections.channels[channel.id] = channel
            let leaving = connections.table.enter(channel.id, from: channel.remoteAddress?.share ?? "")
            if channel.isLocal(token: nil) { _ = connections.table.promote(channel.id, to: .local) }
            return leaving.flatMap { connections.channels.removeValue(forKey: $0) }
        }
        leaving?.close(promise: nil)
    }

    /// Takes note that the client of a connection presented a valid token.
    ///
    /// - Returns: Whether there is room for one more of its kind.
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

    /// Whether its client is one of this machine: a component of Cube, or a person who may change things.
    fileprivate func isLocal(token: TokenSet.Role?) -> Bool {
        switch remoteAddress {
        case .unixDomainSocket: true
        case .v4, .v6: token.map { $0 != .read } ?? false && remoteAddress?.isLoopback == true
        case nil: false
        }
    }
}

extension SocketAddress {
    fileprivate var isLoopback: Bool {
        guard let host = ipAddress else { return false }
        return host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.")
    }

    /// Who has a share of the connections: an IPv4 address, or an IPv6 network of 64 bits.
    fileprivate var share: String {
        guard case .v6(let address) = self else { return ipAddress ?? "" }
        // Of `sockaddr_in6`: family, port and flow come first.
        let bytes = withUnsafeBytes(of: address.address) { Array($0[8..<24]) }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        return isMapped ? ipAddress ?? "" : "\(bytes.prefix(8))"
    }
}
