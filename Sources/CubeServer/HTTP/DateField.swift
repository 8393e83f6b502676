import CubeTypes
import Glibc
import Synchronization

/// The value of the field `Date` of responses, as in `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7). It is made once a
/// second at most, and only when a response needs it.
final class DateField: Sendable {
    private let now: @Sendable () -> Timestamp
    private let last = Mutex((second: Int64(0), text: ""))

    init(_ now: @escaping @Sendable () -> Timestamp) { self.now = now }

    var value: String {
        let second = now().milliseconds / 1000
        return last.withLock { last in
            if last.second != second { last = (second, Self.text(second)) }
            return last.text
        }
    }

    /// Formats the seconds since 1970. The names are English, because the process stays in the C locale.
    static func text(_ second: Int64) -> String {
        var (second, parts) = (time_t(second), tm())
        gmtime_r(&second, &parts)
        return String(unsafeUninitializedCapacity: 32) { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                strftime(text.baseAddress!, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            }
        }
    }
}
