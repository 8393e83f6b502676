package import CubeTypes

extension LogSelection {
    /// The query that asks a manager or a worker for it.
    package var query: KeyValuePairs<String, (any CustomStringConvertible)?> {
        [
            "tail": tail, "since": since, "follow": follow ? true : nil, "timestamps": timestamps ? true : nil,
        ]
    }
}
