/// A problem of a file, with its place: a value for programs (its `Codable` form) and for people.
package struct Diagnostic: Codable, Hashable, Sendable {
    package enum Severity: String, Codable, Hashable, Sendable {
        case error, warning
    }

    /// What kind of problem it is, as a stable word.
    package struct Reason: RawRepresentable, Codable, Hashable, Sendable, ExpressibleByStringLiteral {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package init(stringLiteral value: String) { self.init(rawValue: value) }

        /// It is not JSON.
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
        /// It depends on a name that no manifest declares.
        package static let unknownDependency: Reason = "unknown_dependency"
        /// It depends on itself, by way of others.
        package static let dependencyCycle: Reason = "dependency_cycle"
        /// A field that this version knows and does not carry out yet.
        package static let unsupported: Reason = "unsupported"
        /// A warning: a task that is started before its predecessor is stopped needs a port that the latter has.
        package static let surgePortTaken: Reason = "surge_port_taken"
        /// A file that may have been meant for a manifest, and is not read.
        package static let ignored: Reason = "ignored"
        /// A directory of manifests without any.
        package static let noManifests: Reason = "no_manifests"
        /// The file could not be read at all.
        package static let unreadable: Reason = "unreadable"
    }

    package var severity: Severity
    package var reason: Reason
    package var summary: String
    /// More words, such as what to do; empty where there are none.
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
