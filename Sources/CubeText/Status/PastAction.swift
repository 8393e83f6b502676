package import CubeTypes

/// An action in the journal: its intent, and its outcome if it is known.
package struct PastAction: Codable, Hashable, Sendable {
    package var at: Timestamp
    package var verb: String
    package var name: WorkloadName
    package var ordinal: Int
    package var id: TaskID
    package var rule: String
    package var reason: String
    package var commit: String?
    /// `ok`, or the error's reason.
    package var result: String?

    package init(
        at: Timestamp, verb: String, name: WorkloadName, ordinal: Int, id: TaskID, rule: String, reason: String,
        commit: String? = nil, result: String? = nil
    ) {
        self.at = at
        self.verb = verb
        self.name = name
        self.ordinal = ordinal
        self.id = id
        self.rule = rule
        self.reason = reason
        self.commit = commit
        self.result = result
    }

    /// The action on one line.
    package var text: String {
        "\(at) \(verb) \(name)/\(ordinal): \(reason) (\(rule)); \(result ?? "outcome unknown")"
    }
}

extension [PastAction] {
    /// The actions, oldest first.
    package var table: Table {
        Table(
            "AT", "ACTION", "WHY", "COMMIT", "RESULT",
            rows: map { action in
                [
                    Table.Cell("\(action.at)", .dim), Table.Cell("\(action.verb) \(action.name)/\(action.ordinal)"),
                    "\(action.reason) (\(action.rule))", "\(action.commit?.prefix(7) ?? "-")",
                    Table.Cell(action.result ?? "unknown", action.result == "ok" ? .green : .yellow),
                ]
            })
    }
}
