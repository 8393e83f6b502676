import CubeErrors
import CubeTypes

/// Limits for the texts that workers and reconcilers write into the state of a cluster. Every list response repeats these texts.
package enum TextBounds {
    /// The maximum length of a worker's message about a task, in bytes. It leaves room for the last lines of the task's output. A
    /// longer message is cut.
    package static let message = 8192
    /// The maximum length of a stable word, in bytes. In a worker's report, a longer word is cut; in a registration, it is an
    /// error.
    package static let word = 128
    /// The maximum length of the holder of a lease and of the reason for a directive, in bytes. A longer text is an error.
    package static let remark = 1024
    /// The maximum length of the name of a label, in bytes.
    package static let labelName = 256
    /// The maximum length of the value of a label, in bytes.
    package static let labelValue = 4096
    /// The maximum number of labels of a task, a node or a constraint.
    package static let labels = 256
    /// The maximum length of an address or a path, in bytes.
    package static let address = 4096
    /// The maximum length of the id of a lease request or of a directive, in bytes.
    package static let requestID = 64
    /// The maximum number of runtimes of a node.
    package static let runtimes = 16
    /// The maximum length of each list of a node's allowances.
    package static let allowances = 256
    /// The maximum number of secrets that a node tells. Of a node with more of them, it is unknown which it has.
    package static let secrets = 512
    /// The maximum length of the name of a secret, in bytes.
    package static let secretName = 255
    /// The maximum number of mounts below the root of a source.
    package static let mounts = 1000
    /// The maximum number of holds in a lease request.
    package static let holds = 1000

    /// Returns the error for a text of more than `limit` bytes; `nil` if the text is short enough.
    static func error(_ field: String, _ text: String?, limit: Int = remark) -> ValidationError? {
        guard let text, text.utf8.count > limit else { return nil }
        return ValidationError(
            field: field, value: "\(text.utf8.count) bytes", message: "must be at most \(limit) bytes")
    }

    /// Returns the errors for labels that are too many or too long.
    static func errors(_ field: String, _ labels: [String: String]) -> [ValidationError] {
        if labels.count > Self.labels {
            return [
                ValidationError(
                    field: field, value: "\(labels.count)", message: "must be at most \(Self.labels) labels")
            ]
        }
        return labels.sorted { $0.key < $1.key }.flatMap { name, value in
            [
                error("\(field)[\"\(name.shortened(to: 40))\"]", name, limit: labelName).map {
                    ValidationError(field: field, value: $0.value, message: "the name of the label \($0.message)")
                },
                error("\(field)[\"\(name.shortened(to: 40))\"]", value, limit: labelValue),
            ].compactMap(\.self)
        }
    }
}

extension WorkerTask {
    /// The report, with its texts cut to the limits.
    var bounded: WorkerTask {
        var report = self
        report.message = message?.shortened(to: TextBounds.message)
        report.reason = reason.map { TaskReason(rawValue: $0.rawValue.shortened(to: TextBounds.word)) }
        report.imageDigest = imageDigest?.shortened(to: TextBounds.word)
        report.imageMovedTo = imageMovedTo?.shortened(to: TextBounds.word)
        report.notEnforced = notEnforced.prefix(16).map { $0.shortened(to: TextBounds.word) }
        return report
    }
}

extension WorkerInfo {
    /// The errors for texts and lists of a registration that are too long.
    var problems: [ValidationError] {
        var problems = [
            TextBounds.error("version", version, limit: TextBounds.word),
            TextBounds.error("url", url, limit: TextBounds.address),
            TextBounds.error("boot_id", bootID, limit: TextBounds.word),
            TextBounds.error("incarnation", incarnation, limit: TextBounds.word),
        ].compactMap(\.self)
        for (field, runtimes) in [("runtimes", runtimes), ("exclusive_runtimes", exclusiveRuntimes)] {
            if runtimes.count > TextBounds.runtimes {
                problems.append(
                    ValidationError(
                        field: field, value: "\(runtimes.count)", message: "must be at most \(TextBounds.runtimes)"))
            }
            problems += runtimes.prefix(TextBounds.runtimes).compactMap {
                TextBounds.error(field, $0, limit: TextBounds.word)
            }
        }
        if let secrets, secrets.count > TextBounds.secrets {
            problems.append(
                ValidationError(
                    field: "secrets", value: "\(secrets.count)", message: "must be at most \(TextBounds.secrets)"))
        }
        problems += (secrets ?? []).prefix(TextBounds.secrets).compactMap {
            TextBounds.error("secrets", $0, limit: TextBounds.secretName)
        }
        return problems + TextBounds.errors("labels", labels) + allowances.problems(at: "allowances")
    }
}

extension NodeAllowances {
    /// Returns the errors for lists and texts that are too long.
    fileprivate func problems(at path: String) -> [ValidationError] {
        [("capabilities", capabilities), ("devices", devices), ("mounts", mounts.map(\.path))].flatMap { key, texts in
            let field = "\(path).\(key)"
            guard texts.count <= TextBounds.allowances else {
                return [
                    ValidationError(
                        field: field, value: "\(texts.count)", message: "must be at most \(TextBounds.allowances)")
                ]
            }
            return texts.compactMap { TextBounds.error(field, $0, limit: TextBounds.address) }
        }
    }
}

extension LeaseRequest {
    /// The errors for a lease request with too long a holder, too many holds, or limits out of range.
    var problems: [ValidationError] {
        var problems = [TextBounds.error("holder", holder)].compactMap(\.self)
        if holds.count > TextBounds.holds {
            problems.append(
                ValidationError(field: "holds", value: "\(holds.count)", message: "must be at most \(TextBounds.holds)")
            )
        }
        let changes = holds.reduce(0) { $0 + $1.changes.count }
        if changes > Hold.maximumChanges {
            problems.append(
                ValidationError(
                    field: "holds", value: "\(changes) changes",
                    message: "must be at most \(Hold.maximumChanges) changes")
            )
        }
        return problems + (limits?.problems(at: "limits") ?? [])
    }
}

extension GuardLimits {
    /// Returns the errors for limits that are out of range.
    fileprivate func problems(at path: String) -> [ValidationError] {
        func check<Value: Comparable>(
            _ key: String, _ value: Value, in bounds: ClosedRange<Value>, _ text: (Value) -> String
        ) -> ValidationError? {
            guard !bounds.contains(value) else { return nil }
            return ValidationError(
                field: "\(path).\(key)", value: text(value),
                message: "must be from \(text(bounds.lowerBound)) to \(text(bounds.upperBound))")
        }
        return [
            check("count", count, in: Self.counts) { "\($0)" },
            check("percent", percent, in: Self.percents) { "\($0)" },
            check("window", window, in: Self.windows, \.text),
        ].compactMap(\.self)
    }
}

extension Directive {
    /// Returns the errors for texts of a directive that are too long, and for an expiry that is too far away.
    func problems(at now: Timestamp) -> [ValidationError] {
        let texts = [TextBounds.error("reason", reason), TextBounds.error("subject", subject)].compactMap(\.self)
        guard let expiresAt, expiresAt > now + Self.longestLifetime else { return texts }
        let error = ValidationError(
            field: "expires_at", value: "\(expiresAt)",
            message: "must be at most \(Self.longestLifetime.text) from now")
        return texts + [error]
    }
}

extension DrainRequest {
    /// The errors for a time that is too long.
    var problems: [ValidationError] {
        guard let jobsAfter, jobsAfter > Self.longestJobsAfter else { return [] }
        return [
            ValidationError(
                field: "jobs_after", value: jobsAfter.text, message: "must be at most \(Self.longestJobsAfter.text)")
        ]
    }
}
