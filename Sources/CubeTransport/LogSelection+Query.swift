package import CubeTypes

extension LogSelection {
    /// The query parameters for a request to a manager or a worker.
    package var query: KeyValuePairs<String, (any CustomStringConvertible)?> {
        [
            "tail": tail, "since": since, "follow": follow ? true : nil, "timestamps": timestamps ? true : nil,
        ]
    }
}
