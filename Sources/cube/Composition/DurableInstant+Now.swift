import CubeSystem
import CubeTypes
import Glibc
import SystemPackage

extension DurableInstant {
    /// Now on this machine. Where the kernel does not tell the id of its boot, the wall clock alone decides.
    static var now: DurableInstant {
        guard !bootID.isEmpty else { return DurableInstant(wall: .now) }
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return DurableInstant(
            boot: bootID, uptime: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec), wall: .now)
    }

    private static let bootID: String = {
        // As said above.
        let bytes = (try? RegularFile.read("/proc/sys/kernel/random/boot_id", limit: 4096)) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }()
}
