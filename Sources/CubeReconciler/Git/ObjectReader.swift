import CubeSystem

/// Reads the objects of a repository in sequence, through one long-lived `git cat-file --batch`.
final class ObjectReader: Sendable {
    enum Answer: Hashable, Sendable {
        /// The first bytes of the object, up to the limit, and its size in bytes.
        case object(id: String, type: String, bytes: [UInt8], size: Int)
        /// The object is missing, or a link on the way to it is broken.
        case missing
        /// A link on the way to the object leads out of the repository.
        case outside
    }

    let child: ChildProcess
    private let git: GitProgram

    init(_ git: GitProgram, repository: [String]) throws(GitError) {
        self.git = git
        child = try git.start(repository + ["cat-file", "--batch", "--follow-symlinks"])
    }

    /// - Parameters:
    ///   - name: An object id, or `COMMIT:PATH`. Links in the path are followed.
    ///   - limit: The maximum number of bytes to return.
    func read(_ name: [UInt8], limit: Int) throws(GitError) -> Answer {
        // A newline would end the name in git's protocol.
        guard !name.contains(UInt8(ascii: "\n")) else { return .missing }
        var response = Response(limit: limit)
        guard child.exchange(name + [UInt8(ascii: "\n")], receive: { response.take($0) }) else {
            throw git.error(of: child, Self.verb)
        }
        switch response.header {
        case let words where words.last == "missing": return .missing
        case let words where words.count == 2 && words[0] == "symlink": return .outside
        case let words where words.count == 2: return .missing
        case let words where words.count == 3:
            return .object(id: words[0], type: words[1], bytes: response.body, size: Int(words[2]) ?? 0)
        default: throw GitError(Self.verb, .malformed(response.header.joined(separator: " ")))
        }
    }

    static let verb = "cat-file"

    /// Parses one response incrementally: a header line that ends with a size, that many bytes, and a newline.
    private struct Response {
        let limit: Int
        private var line: [UInt8] = []
        private var left: Int?
        private(set) var body: [UInt8] = []
        private(set) var header: [String] = []

        init(limit: Int) { self.limit = limit }

        /// - Returns: Whether the response is complete.
        mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
            var bytes = bytes[...]
            if left == nil {
                guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
                    line += bytes
                    return false
                }
                line += bytes[..<end]
                bytes = bytes[(end + 1)...]
                let text = String(decoding: line, as: UTF8.self)
                // The response for a missing object repeats the requested name, which may contain spaces.
                header = text.hasSuffix(" missing") ? ["missing"] : text.split(separator: " ").map(String.init)
                guard let size = header.last.flatMap({ Int($0) }) else { return true }
                left = size + 1
                body.reserveCapacity(min(size, limit))
            }
            let rest = (left ?? 0) - bytes.count
            // The final newline is not part of the object.
            let own = rest > 0 ? bytes : bytes.dropLast()
            body += own.prefix(max(0, limit - body.count))
            left = rest
            return rest <= 0
        }
    }
}
