package import CubeTypes
import Glibc

extension DurableInstant {
    /// Returns the present moment on both clocks of this machine.
    ///
    /// - Parameter boot: the ID of the present boot; if it is empty, only the wall clock counts.
    package static func now(boot: String = BootClock.boot) -> DurableInstant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let wall = Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        return DurableInstant(boot: boot, uptime: BootClock.uptime, wall: wall)
    }
}
