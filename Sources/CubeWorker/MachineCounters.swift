import Glibc

/// What the machine has done since it booted, as the kernel counts it.
struct MachineCounters: Equatable {
    /// The time that the processors were busy, in seconds.
    var cpuSeconds = 0.0
    var disks = Transfer()
    var network = Transfer()

    /// Reads the counters of disks and network interfaces that are hardware. A virtual one passes on what another one counts. A
    /// container has no other interfaces, so there all of them count except the loopback.
    static func read() throws -> MachineCounters {
        MachineCounters(
            cpu: try text("/proc/stat"), disks: try text("/proc/diskstats"), network: try text("/proc/net/dev"),
            isHardware: { kind, name in
                // The kernel writes the slash in the name of a disk in this way.
                let name = name.replacing("/", with: "!")
                return exists("/sys/\(kind.rawValue)/\(name)") && !exists("/sys/devices/virtual/\(kind.word)/\(name)")
            })
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The kinds of devices, with the directory below `/sys` that lists them. Partitions are not listed there.
    enum DeviceKind: String {
        case disk = "block"
        case interface = "class/net"

        var word: String { self == .disk ? "block" : "net" }
    }

    /// - Parameters:
    ///   - cpu: the content of `/proc/stat`.
    ///   - disks: the content of `/proc/diskstats`.
    ///   - network: the content of `/proc/net/dev`.
    ///   - isHardware: whether a device is hardware.
    init(
        cpu: String, disks: String, network: String, isHardware: (DeviceKind, String) -> Bool
    ) {
        cpuSeconds = Self.busySeconds(cpu)
        self.disks = Self.total(Self.diskTransfers(disks), of: .disk, isHardware)
        self.network = Self.total(
            Self.networkTransfers(network).filter { $0.name != "lo" }, of: .interface, isHardware)
    }

    /// Adds up the devices that are hardware. If no interface is, all interfaces count.
    private static func total(
        _ devices: [(name: String, transfer: Transfer)], of kind: DeviceKind, _ isHardware: (DeviceKind, String) -> Bool
    ) -> Transfer {
        let hardware = devices.filter { isHardware(kind, $0.name) }
        return (hardware.isEmpty && kind == .interface ? devices : hardware).reduce(into: Transfer()) { sum, device in
            sum += device.transfer
        }
    }

    /// The first line of `/proc/stat` lists clock ticks: user, nice, system, idle, iowait, irq, softirq, steal.
    private static func busySeconds(_ text: String) -> Double {
        let words = text.split(separator: "\n").first?.split(separator: " ") ?? []
        let ticks = words.dropFirst().prefix(8).map { Int($0) ?? 0 }
        let busy = ticks.enumerated().filter { ![3, 4].contains($0.offset) }.reduce(0) { $0 + $1.element }
        return Double(busy) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The kernel counts in sectors of 512 bytes, whatever the sectors of the disk are.
    private static func diskTransfers(_ text: String) -> [(name: String, transfer: Transfer)] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 9, let read = Int(words[5]), let written = Int(words[9]) else { return nil }
            return (String(words[2]), Transfer(incoming: read * 512, outgoing: written * 512))
        }
    }

    private static func networkTransfers(_ text: String) -> [(name: String, transfer: Transfer)] {
        text.split(separator: "\n").compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let words = line[line.index(after: colon)...].split(separator: " ")
            guard words.count > 8, let received = Int(words[0]), let sent = Int(words[8]) else { return nil }
            return (String(line[..<colon].drop { $0 == " " }), Transfer(incoming: received, outgoing: sent))
        }
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try LocalFiles.read(path) ?? [], as: UTF8.self)
    }
}

/// Bytes that were received or read, and bytes that were sent or written.
package struct Transfer: Hashable, Sendable {
    package var incoming = 0
    package var outgoing = 0

    static func += (left: inout Transfer, right: Transfer) {
        left.incoming += right.incoming
        left.outgoing += right.outgoing
    }
}
