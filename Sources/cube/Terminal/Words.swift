import CubeCore
import CubeTypes
import FoundationEssentials

/// A number of bytes in the largest unit that leaves less than four digits.
struct ByteCount: CustomStringConvertible {
    let bytes: Int
    init(_ bytes: Int) { self.bytes = bytes }

    var description: String {
        var (value, unit) = (bytes, "B")
        for larger in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 { (value, unit) = (value / 1024, larger) }
        return "\(value) \(unit)"
    }
}

/// A span of time in its one or two largest units: `3 m`, `2 h 5 m`.
struct Age: CustomStringConvertible {
    let seconds: Int

    init(since moment: Timestamp, until now: Timestamp = .now) {
        seconds = max(0, Int((now - moment).components.seconds))
    }

    var description: String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) m"
        case ..<86400: "\(seconds / 3600) h \(seconds / 60 % 60) m"
        default: "\(seconds / 86400) d \(seconds / 3600 % 24) h"
        }
    }
}

extension Timestamp {
    static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}

extension DriftAction {
    /// What it waits for or what holds it, where its reason says that.
    var waitReason: WaitReason { WaitReason(rawValue: reason) }

    /// Its reason for a person: of what waits or is held, a sentence; else the word of the rule, in parentheses.
    var why: String { state == .waiting || state == .held ? ": \(waitReason.text)" : " (\(reason))" }
}

extension Table.Cell {
    init(_ state: TaskState) {
        let style: Terminal.Style? =
            switch state {
            case .running, .completed: .green
            case .failed: .red
            case .stopped: .dim
            default: .yellow
            }
        self.init(state.rawValue, style)
    }

    init(_ state: WorkerState) { self.init(state.rawValue, state == .ready ? .green : .yellow) }

    init(_ health: HealthStatus) {
        let style: Terminal.Style? =
            switch health {
            case .healthy: .green
            case .degraded, .missing: .red
            case .progressing, .unknown: .yellow
            case .suspended: .dim
            }
        self.init(health.rawValue, style)
    }

    init(_ sync: SyncStatus) { self.init(sync.rawValue, sync == .synced ? .green : .yellow) }
}

extension TaskResult {
    /// How a run ended, in a few words: `exit 1`, `signal 9`.
    var words: String {
        if oom { return "out of memory" }
        return signal.map { "signal \($0)" } ?? code.map { "exit \($0)" } ?? "end not known"
    }
}

extension TaskStatus {
    /// The lines of its message: the first says what there is to say, those after it are the end of its output.
    var messageLines: [String] {
        (message ?? "").split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }
}
