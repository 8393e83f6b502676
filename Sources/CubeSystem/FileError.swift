package import SystemPackage

/// A file that could not be read or written, and why.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Cause: Hashable, Sendable {
        /// The system refused.
        case system(Errno)
        /// Only a regular file can be read as a whole; `what` is what was found, such as `a directory`.
        case notRegular(what: String)
        /// The file has more than `limit` bytes.
        case tooLarge(limit: Int)
    }

    package var path: String
    package var cause: Cause

    package init(path: String, cause: Cause) {
        self.path = path
        self.cause = cause
    }

    package init(path: String, cause: Errno) { self.init(path: path, cause: .system(cause)) }

    /// The system's error number; `nil` where the system did not refuse.
    package var errno: Errno? {
        if case .system(let errno) = cause { errno } else { nil }
    }

    package var description: String { "\(path): \(cause)" }
}

extension FileError.Cause: CustomStringConvertible {
    /// What follows the name of the file in a sentence such as `web.json cannot be read: …`.
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
