/// A problem of a file with its location. Programs use its `Codable` form; people read its text.
package struct Diagnostic: Codable, Hashable, Sendable {
    package enum Severity: String, Codable, Hashable, Sendable {
        case error, warning
    }

    /// The kind of problem, as a stable word.
    package struct Reason: RawRepresentable, Codable, Hashable, Sendable, ExpressibleByStringLiteral {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package init(stringLiteral value: String) { self.init(rawValue: value) }

        /// The text is not valid JSON.
        package static let syntax: Reason = "syntax"
        package static let tooLarge: Reason = "too_large"
        package static let tooDeep: Reason = "too_deep"
        /// There are more problems than are shown.
        package static let tooMany: Reason = "too_many"
        package static let duplicateKey: Reason = "duplicate_key"
        package static let unknownKey: Reason = "unknown_key"
        package static let missingKey: Reason = "missing_key"
        package static let typeMismatch: Reason = "type_mismatch"
        package static let outOfRange: Reason = "out_of_range"
        package static let invalidValue: Reason = "invalid_value"
        package static let duplicateName: Reason = "duplicate_name"
        /// A workload depends on a name that no manifest declares.
        package static let unknownDependency: Reason = "unknown_dependency"
        /// A workload depends on itself, directly or through others.
        package static let dependencyCycle: Reason = "dependency_cycle"
        /// This version knows the field but does not support it yet.
        package static let unsupported: Reason = "unsupported"
        /// A warning: a surge task, which starts before its predecessor stops, needs a port that the predecessor uses.
        package static let surgePortTaken: Reason = "surge_port_taken"
        /// A file was ignored that may have been intended as a manifest.
        package static let ignored: Reason = "ignored"
        /// The directory contains no manifests.
        package static let noManifests: Reason = "no_manifests"
        /// The file could not be read.
        package static let unreadable: Reason = "unreadable"
    }

    package var severity: Severity
    package var reason: Reason
    package var summary: String
    /// Further text, such as a hint; may be empty.
    package var detail: String
    package var range: SourceRange

    package init(
        severity: Severity = .error, reason: Reason, summary: String, detail: String = "", range: SourceRange
    ) {
        self.severity = severity
        self.reason = reason
        self.summary = summary
        self.detail = detail
        self.range = range
    }
}
