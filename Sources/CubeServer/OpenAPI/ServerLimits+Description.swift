import CubeJSON
import CubeTypes

extension ServerLimits {
    /// All limits by name, for the OpenAPI document.
    var json: CanonicalJSON {
        func count(_ value: Int) -> CanonicalJSON { .integer(Int64(value)) }
        func span(_ value: Duration) -> CanonicalJSON { .string(value.text) }
        return [
            "batch_bytes": count(batchBytes), "body_bytes": count(bodyBytes), "connections": count(connections),
            "header_bytes": count(headerBytes), "header_fields": count(headerFields), "idle_time": span(idleTime),
            "local_connections": count(localConnections), "longest_wait": span(longestWait),
            "request_time": span(requestTime), "stall_time": span(stallTime), "stranger_time": span(strangerTime),
            "strangers": count(strangers), "strangers_per_address": count(strangersPerAddress),
        ]
    }
}
