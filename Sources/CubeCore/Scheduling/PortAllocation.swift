package import HashTreeCollections
package import CubeTypes

/// A port of a node, which one task at a time may have.
package struct HostPort: Hashable, Sendable {
    package let number: Int
    package let transport: PortSpec.Transport

    package init(_ number: Int, _ transport: PortSpec.Transport) {
        self.number = number
        self.transport = transport
    }
}

/// Which ports of its node a task gets.
package enum PortAllocation {
    /// - Parameter taken: What other tasks of the node have.
    /// - Returns: The numbers by the names of the ports; the same ones for the same arguments.
    package static func allocate(
        _ ports: [PortSpec], for task: TaskID, placement: Int, taken: TreeSet<HostPort>
    ) -> [String: Int] {
        var taken = taken
        var numbers: [String: Int] = [:]
        for port in ports where port.host != 0 {
            numbers[port.name] = port.host
            taken.insert(HostPort(port.host, port.transport))
        }
        // Each placement begins elsewhere, so that a port which was given up rests before another task answers there.
        var next = Int(start(task, placement) % UInt64(PortSpec.allocated.count))
        for port in ports where port.host == 0 {
            for _ in PortSpec.allocated {
                let candidate = HostPort(PortSpec.allocated.lowerBound + next, port.transport)
                next = (next + 1) % PortSpec.allocated.count
                if taken.insert(candidate).inserted {
                    numbers[port.name] = candidate.number
                    break
                }
            }
        }
        return numbers
    }

    /// FNV-1a with 64 bits.
    private static func start(_ task: TaskID, _ placement: Int) -> UInt64 {
        "\(task)/\(placement)".utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
