package import HashTreeCollections
package import CubeTypes

/// A port of a node. Only one task at a time can use it.
package struct HostPort: Hashable, Sendable {
    package let number: Int
    package let transport: PortSpec.Transport

    package init(_ number: Int, _ transport: PortSpec.Transport) {
        self.number = number
        self.transport = transport
    }
}

/// The allocation of node ports to a task.
package enum PortAllocation {
    /// Allocates the ports of a task deterministically.
    ///
    /// - Parameter taken: The ports that other tasks on the node use.
    /// - Returns: The port numbers by the names of the ports.
    package static func allocate(
        _ ports: [PortSpec], for task: TaskID, placement: Int, taken: TreeSet<HostPort>
    ) -> [String: Int] {
        var taken = taken
        var numbers: [String: Int] = [:]
        for port in ports where port.host != 0 {
            numbers[port.name] = port.host
            taken.insert(HostPort(port.host, port.transport))
        }
        // Each placement starts its search at another port, so that a released port is not soon reused by another task.
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

    private static func start(_ task: TaskID, _ placement: Int) -> UInt64 {
        FNV1a.hash("\(task)/\(placement)".utf8)
    }
}
