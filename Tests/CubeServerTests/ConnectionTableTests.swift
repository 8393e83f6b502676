import NIOCore
import Testing

@testable import CubeServer

@Suite("The table of connections")
struct ConnectionTableTests {
    private static func table(
        members: Int = 2, local: Int = 2, strangers: Int = 4, perAddress: Int = 3
    ) -> ConnectionTable<Int> {
        var limits = ServerLimits()
        (limits.connections, limits.localConnections) = (members, local)
        (limits.strangers, limits.strangersPerAddress) = (strangers, perAddress)
        return ConnectionTable(limits: limits)
    }

    @Test func `the oldest stranger of an address gives way to its newest one`() {
        var table = Self.table()
        let leaving = (1...5).map { table.enter($0, from: "a") }
        #expect(leaving == [nil, nil, nil, 1, 2])
        #expect(table.count(.stranger) == 3)
    }

    @Test func `beyond the limit for all strangers, the address with the most strangers loses one`() {
        var table = Self.table()
        let leaving = [(1, "b"), (2, "a"), (3, "a"), (4, "c"), (5, "d"), (6, "d")].map { table.enter($0, from: $1) }
        #expect(leaving == [nil, nil, nil, nil, 2, 1])
        #expect(table.count(.stranger) == 4)
    }

    @Test func `a member no longer counts as a stranger, and strangers never displace it`() {
        var table = Self.table()
        _ = table.enter(1, from: "a")
        let isMember = table.promote(1, to: .member)
        #expect(isMember)
        #expect(!table.isStranger(1))
        let leaving = (2...100).compactMap { table.enter($0, from: "a") }
        #expect(leaving.count == 96)
        #expect(!leaving.contains(1))
        #expect(table.count(.member) == 1)
    }

    @Test func `members beyond their limit are refused, and local members have a separate limit`() {
        var table = Self.table()
        for id in 1...4 { _ = table.enter(id, from: "\(id)") }
        let members = (1...3).map { table.promote($0, to: .member) }
        #expect(members == [true, true, false])
        #expect(table.isStranger(3))
        // A connection keeps its membership.
        let others = [table.promote(4, to: .local), table.promote(1, to: .member), table.promote(4, to: .member)]
        #expect(others == [true, true, true])
        #expect(table.count(.local) == 1)
        table.leave(1)
        let follows = table.promote(3, to: .member)
        #expect(follows)
    }

    @Test func `limits are reduced in proportion to the open files, but never to zero`() {
        let limits = ServerLimits()
        #expect(limits.fitted(to: limits.allConnections).connections == limits.connections)
        let half = limits.fitted(to: limits.allConnections / 2)
        #expect((half.connections, half.localConnections, half.strangers) == (256, 256, 64))
        let least = limits.fitted(to: 0)
        #expect((least.connections, least.localConnections, least.strangers) == (8, 8, 8))
        #expect(least.strangersPerAddress == 4)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("128.0.0.1", false),
        ("10.0.0.127", false), ("::", false), ("::2", false), ("::ffff:10.0.0.1", false), ("fe80::1", false),
    ])
    func `a loopback address is on this machine`(host: String, isLoopback: Bool) throws {
        #expect(try SocketAddress(ipAddress: host, port: 80).isLoopback == isLoopback)
    }
}
