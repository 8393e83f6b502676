package import CubeTypes

/// A time span, printed in its one or two largest units, such as `3 m` or `2 h 5 m`.
package struct Age: CustomStringConvertible {
    private let seconds: Int

    package init(since moment: Timestamp, until now: Timestamp) {
        seconds = max(0, Int((now - moment).components.seconds))
    }

    package var description: String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) m"
        case ..<86400: "\(seconds / 3600) h \(seconds / 60 % 60) m"
        default: "\(seconds / 86400) d \(seconds / 3600 % 24) h"
        }
    }
}
