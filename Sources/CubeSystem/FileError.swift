package import SystemPackage

/// A file that could not be read or written, and the cause.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Cause: Hashable, Sendable {
        /// A system call failed.
        case system(Errno)
        /// The path names something other than a regular file; `what` describes it, such as `a directory`.
        case notRegular(what: String)
        /// The file is larger than `limit` bytes.
        case tooLarge(limit: Int)
    }

    package var path: String
    package var cause: Cause

    package init(path: String, cause: Cause) {
        self.path = path
        self.cause = cause
    }

    package init(path: String, cause: Errno) { self.init(path: path, cause: .system(cause)) }

    /// The error number of the failed system call; `nil` for other causes.
    package var errno: Errno? {
        if case .system(let errno) = cause { errno } else { nil }
    }

    /// Whether the disk is full, or the quota of this user is used up.
    package var isFullDisk: Bool { errno?.isFullDisk ?? false }

    package var description: String { "\(path): \(cause)" }
}

extension Errno {
    /// Whether the disk is full, or the quota of this user is used up.
    package var isFullDisk: Bool { self == .noSpace || self == .diskQuotaExceeded }
}

extension FileError.Cause: CustomStringConvertible {
    /// The cause as it appears in a sentence such as `web.json cannot be read: …`.
    package var description: String {
        switch self {
        case .system(let errno): "\(errno)"
        case .notRegular(let what): "it is \(what), not a regular file"
        case .tooLarge(let limit): "it is larger than \(Self.text(ofBytes: limit))"
        }
    }

    private static func text(ofBytes count: Int) -> String {
        for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        where count >= unit && count.isMultiple(of: unit) {
            return "\(count / unit) \(name)"
        }
        return "\(count) bytes"
    }
}
