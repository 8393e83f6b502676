import CubeTypes
import Logging

extension TaskEvent {
    /// The event as the metadata of a log line.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["revision": "\(revision)"]
        metadata["owner"] = owner.map { "\($0)" }
        metadata["name"] = name.map { "\($0)" }
        metadata["ordinal"] = ordinal.map { "\($0)" }
        metadata["task"] = task.map { "\($0)" }
        metadata["node"] = node.map { "\($0)" }
        metadata["reason"] = reason.map { "\($0)" }
        metadata["message"] = message.map { "\($0)" }
        metadata["actor"] = actor.map { "\($0)" }
        metadata["origin"] = origin.map { "\($0)" }
        return metadata
    }
}
