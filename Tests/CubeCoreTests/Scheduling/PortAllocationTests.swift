import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

struct PortAllocationTests {
    private static let task = TaskID(rawValue: "0f3c0000-0000-5000-8000-000000000000")!

    private func allocate(
        _ ports: [PortSpec], placement: Int = 1, taken: TreeSet<HostPort> = []
    ) -> [String: Int] {
        PortAllocation.allocate(ports, for: Self.task, placement: placement, taken: taken)
    }

    @Test func `a placement always gets the same ports, and the next placement gets other ports of the range`() {
        let ports = [PortSpec(name: "a"), PortSpec(name: "b"), PortSpec(name: "c", host: 80)]
        let first = allocate(ports)
        #expect(first == allocate(ports))
        #expect(first["c"] == 80)
        #expect(first["a"] != first["b"])
        #expect(allocate(ports, placement: 2)["a"] != first["a"])
        for name in ["a", "b"] { #expect(PortSpec.allocated.contains(first[name]!)) }
    }

    @Test func `ports in use are skipped, down to the last free port and past the end of the range`() {
        var taken = TreeSet(PortSpec.allocated.map { HostPort($0, .tcp) })
        taken.remove(HostPort(20_003, .tcp))
        taken.remove(HostPort(31_999, .tcp))
        let found = allocate(
            [PortSpec(name: "a"), PortSpec(name: "b"), PortSpec(name: "u", transport: .udp)], taken: taken)
        #expect(Set([found["a"], found["b"]]) == [20_003, 31_999])
        #expect(found["u"] != nil, "Each protocol has ports of its own.")
    }

    @Test func `no port is allocated twice to the same task, even if the task declares it as a fixed port`() {
        let wanted = allocate([PortSpec(name: "a")])["a"]!
        let found = allocate([PortSpec(name: "a"), PortSpec(name: "b", host: wanted)])
        #expect(found["b"] == wanted && found["a"] != wanted)
    }

    @Test(arguments: [("http", "PORT_HTTP"), ("http-admin", "PORT_HTTP_ADMIN"), ("p9", "PORT_P9")])
    func `the name of a port determines its variable`(name: String, variable: String) {
        #expect(PortSpec(name: name).variable == variable)
    }
}
