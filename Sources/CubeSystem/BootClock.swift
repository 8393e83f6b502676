import Glibc
import SystemPackage

/// The clock of the machine that nobody can set: it runs from the start of the machine, also while that sleeps.
package enum BootClock {
    /// Changes with each start of the machine; empty where it cannot be read.
    package static let boot: String = {
        // Without it a moment counts as one of another boot, which is told by the wall clock.
        guard let bytes = try? RegularFile.read("/proc/sys/kernel/random/boot_id", limit: 64) else { return "" }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }()

    /// The clock by which this process waits. It runs on the boot-time clock.
    package static let timer: any Clock<Duration> = ContinuousClock()

    /// Since that start.
    package static var uptime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
