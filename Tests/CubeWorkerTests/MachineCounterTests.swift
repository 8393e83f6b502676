import Testing

@testable import CubeWorker

/// The counters of a machine.
struct MachineCounterTests {
    private let cpu = "cpu  100 10 50 4000 500 1 2 7 90 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    private let disks = """
        7       0 loop0 9 0 8 0 0 0 0 0 0 0 0
        254       0 vda 100 0 10 0 0 0 20 0 0 0 0
        254       1 vda1 90 0 9 0 0 0 18 0 0 0 0

        """
    private let network = """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
            lo: 7 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0
          eth0:300 1 0 0 0 0 0 0 400 1 0 0 0 0 0 0
        docker0: 50 1 0 0 0 0 0 0 60 1 0 0 0 0 0 0

        """

    @Test func `Only hardware counts, and time without work does not`() {
        let counters = MachineCounters(cpu: cpu, disks: disks, network: network) { ["vda", "eth0"].contains($1) }
        #expect(counters.cpuSeconds == 1.7)
        #expect(counters.disks == Transfer(incoming: 5120, outgoing: 10_240))
        #expect(counters.network == Transfer(incoming: 300, outgoing: 400))
    }

    @Test func `In a container, all network interfaces except the loopback count`() {
        let counters = MachineCounters(cpu: cpu, disks: disks, network: network) { _, _ in false }
        #expect(counters.network == Transfer(incoming: 350, outgoing: 460))
        #expect(counters.disks == Transfer())
    }

    @Test func `This machine was busy`() throws {
        #expect(try MachineCounters.read().cpuSeconds > 0)
    }
}
