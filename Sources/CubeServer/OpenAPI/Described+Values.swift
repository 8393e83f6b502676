import CubeErrors
import CubeJSON
import CubeTypes

// Scalar values.

extension String: Described { static let schema = Schema.string }
extension Bool: Described { static let schema = Schema.boolean }
extension Double: Described { static let schema = Schema.number }

/// All integers on the wire are counts, so they are never negative.
extension Int: Described { static let schema = Schema.integer(0...Int.max) }

extension Timestamp: Described {
    static let schema = Schema.string.with(["format": "date-time", "examples": ["2026-01-02T03:04:05.678Z"]])
}

extension Duration: Described {
    static let schema = Schema.pattern("^[0-9]{1,12}(ms|s|m|h)$", example: "10m")
}

// MARK: - Names

extension Schema {
    fileprivate static func label(_ example: String) -> Schema {
        pattern("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", example: example)
    }
    fileprivate static let uuid = pattern(
        "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        example: "0f3c0000-0000-5000-8000-000000000000")
}

extension WorkloadName: Described { static let schema = Schema.label("web") }
extension OwnerName: Described { static let schema = Schema.label("default") }
extension NodeName: Described { static let schema = Schema.label("w1") }
extension VolumeName: Described { static let schema = Schema.label("pgdata") }
extension TokenName: Described { static let schema = Schema.label("ci") }
extension TaskID: Described { static let schema = Schema.uuid }
extension ExecID: Described { static let schema = Schema.uuid }
extension ClusterID: Described { static let schema = Schema.uuid }
extension SourceID: Described { static let schema = Schema.uuid }
extension Endpoint: Described {
    static let schema = Schema.pattern("^(https?://[^/]+:[0-9]+|unix:.+)$", example: "http://cube.example:8081")
}
extension Digest: Described {
    static let schema = Schema.pattern(
        "^sha256:[0-9a-f]{64}$", example: "sha256:" + String(repeating: "0123456789abcdef", count: 4))
}

// MARK: - Enumerations

extension TaskState: Described {
    static let schema = Schema.words(
        [pending, scheduled, running, stopping, completed, failed, stopped].map(\.rawValue))
}

extension DesiredTaskState: Described { static let schema = Schema.words([run, stop].map(\.rawValue)) }

extension WorkerState: Described {
    static let schema = Schema.words([joining, ready, cordoned, draining, silent].map(\.rawValue))
}

extension DrainStep: Described { static let schema = Schema.words([moves, stopping, stays].map(\.rawValue)) }

extension ImageSet: Described {
    static let schema = Schema.pattern("^([0-9a-f]{16}){0,\(limit)}$", example: "0123456789abcdef").with([
        "description": "FNV-1a hashes of the full references of images, as hexadecimal digits without separators."
    ])
}

extension VolumeState: Described { static let schema = Schema.words([ready, removing].map(\.rawValue)) }

extension TokenRole: Described { static let schema = Schema.words(all.map(\.rawValue)) }

extension TokenState: Described { static let schema = Schema.words([active, expired].map(\.rawValue)) }

extension SchedulingPolicy: Described { static let schema = Schema.words(all.map(\.rawValue)) }

extension PortSpec.Transport: Described { static let schema = Schema.words([tcp, udp].map(\.rawValue)) }

extension Directive.Verb: Described {
    static let schema = Schema.words([approve, retry, restart, suspend, resume, look, claim].map(\.rawValue))
}

extension TaskReason: Described {
    static let schema = Schema.words([noNode, noCapacity, backoff, exited, stopRequested].map(\.rawValue))
}

extension EventKind: Described {
    static let schema = Schema.words([taskScheduled, taskRunning, runEnded, nodeJoined, leaseTaken].map(\.rawValue))
}

extension ErrorReason: Described {
    static let schema = Schema.words([validationFailed, taskNotFound, staleAttempt, unavailable].map(\.rawValue))
}
