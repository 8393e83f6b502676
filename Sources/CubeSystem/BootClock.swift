import Glibc
import SystemPackage

/// The boot-time clock of the machine. Nobody can set it, and it continues while the machine is suspended.
package enum BootClock {
    /// The boot ID, which changes with each boot of the machine; empty if it cannot be read.
    package static let boot: String = {
        // With an empty ID, a recorded moment counts as one of another boot, and the wall clock decides.
        guard let bytes = try? RegularFile.read("/proc/sys/kernel/random/boot_id", limit: 64) else { return "" }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }()

    /// The clock by which this process waits. It is based on the boot-time clock.
    package static let timer: any Clock<Duration> = ContinuousClock()

    /// The time since the machine booted.
    package static var uptime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
