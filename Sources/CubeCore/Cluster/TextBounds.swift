import CubeErrors
import CubeTypes

/// Limits for texts that workers and reconcilers write into the state of a cluster. Every list repeats these texts.
package enum TextBounds {
    /// What a worker says of a task, in bytes: a message, and its last lines of output in full. A longer text is cut.
    package static let message = 8192
    /// A stable word, in bytes. A longer one is cut.
    package static let word = 128
    /// Who holds a lease, and why a directive was given, in bytes. A longer text is refused.
    package static let remark = 1024
    /// The name of a label, in bytes.
    package static let labelName = 256
    /// The value of a label, in bytes.
    package static let labelValue = 4096
    /// How many labels a task, a node or a constraint may have.
    package static let labels = 256
    /// An address, a path or a version, in bytes.
    package static let address = 4096
    /// The id of a request for a lease or of a directive, in bytes.
    package static let requestID = 64
    /// How many runtimes a node may have.
    package static let runtimes = 16
    /// How many mounts below the root of a source may be told.
    package static let mounts = 1000
    /// How many holds the holder of a lease may tell.
    package static let holds = 1000

    /// What is wrong with a text that must not be longer.
    static func error(_ field: String, _ text: String?, limit: Int = remark) -> ValidationError? {
        guard let text, text.utf8.count > limit else { return nil }
        return ValidationError(
            field: field, value: "\(text.utf8.count) bytes", message: "must be at most \(limit) bytes")
    }

    /// What is wrong with labels.
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
                    ValidationError(field: field, value: $0.value, message: "the name of a label \($0.message)")
                },
                error("\(field)[\"\(name.shortened(to: 40))\"]", value, limit: labelValue),
            ].compactMap(\.self)
        }
    }
}

extension WorkerTask {
    /// The same report with texts of a length that can be kept.
    var bounded: WorkerTask {
        var report = self
        report.message = message?.shortened(to: TextBounds.message)
        report.reason = reason.map { TaskReason(rawValue: $0.rawValue.shortened(to: TextBounds.word)) }
        report.notEnforced = notEnforced.prefix(16).map { $0.shortened(to: TextBounds.word) }
        return report
    }
}

extension WorkerInfo {
    /// What is wrong with what a worker registers.
    var problems: [ValidationError] {
        var problems = [
            TextBounds.error("version", version, limit: TextBounds.word),
            TextBounds.error("url", url, limit: TextBounds.address),
            TextBounds.error("boot_id", bootID, limit: TextBounds.word),
            TextBounds.error("incarnation", incarnation, limit: TextBounds.word),
        ].compactMap(\.self)
        if runtimes.count > TextBounds.runtimes {
            problems.append(
                ValidationError(
                    field: "runtimes", value: "\(runtimes.count)", message: "must be at most \(TextBounds.runtimes)"))
        }
        problems += runtimes.prefix(TextBounds.runtimes).compactMap {
            TextBounds.error("runtimes", $0, limit: TextBounds.word)
        }
        return problems + TextBounds.errors("labels", labels)
    }
}

extension LeaseRequest {
    /// What is wrong with what the holder of a lease tells.
    var problems: [ValidationError] {
        var problems = [TextBounds.error("holder", holder)].compactMap(\.self)
        if holds.count > TextBounds.holds {
            problems.append(
                ValidationError(field: "holds", value: "\(holds.count)", message: "must be at most \(TextBounds.holds)")
            )
        }
        return problems + (limits?.problems(at: "limits") ?? [])
    }
}

extension GuardLimits {
    /// What is wrong with limits that the holder of a lease sets.
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
    /// What is wrong with the texts of a directive.
    var problems: [ValidationError] {
        [TextBounds.error("reason", reason), TextBounds.error("subject", subject)].compactMap(\.self)
    }
}
