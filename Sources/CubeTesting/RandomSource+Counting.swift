package import CubeTypes
import Synchronization

extension RandomSource {
    /// A source that counts up from 1: every id that is drawn from it is unique, and jitter is close to none.
    package static func counting() -> RandomSource {
        let count = Mutex<UInt64>(0)
        return RandomSource {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }
}
