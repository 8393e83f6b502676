import CubeJSON

/// What a path leads to, as the import's caller finds it.
package enum FileContent: Hashable, Sendable {
    /// - Parameter isPrivate: whether the permissions of the file grant nothing to others, as those of secrets do.
    case file([UInt8], isExecutable: Bool, isPrivate: Bool = false)
    case directory
    /// Something that is neither a file nor a directory, such as a socket.
    case special
    case missing
    /// The file exists but cannot be read, for the given reason.
    case unreadable(String)
}

/// The files that an import reads, and how messages name them.
struct SourceFiles {
    /// The absolute path of the directory that messages name files from.
    let workingDirectory: String
    private let read: (String) -> FileContent

    init(workingDirectory: String, read: @escaping (String) -> FileContent) {
        self.workingDirectory = workingDirectory
        self.read = read
    }

    /// - Parameter path: an absolute path.
    func content(_ path: String) -> FileContent { read(path) }

    /// Whether a path leads to a file whose permissions grant nothing to others.
    func isPrivate(_ path: String) -> Bool {
        guard case .file(_, _, let isPrivate) = read(path) else { return false }
        return isPrivate
    }

    /// The name of a file for messages: relative to the working directory if it is below that directory.
    func name(_ path: String) -> String {
        path.hasPrefix(workingDirectory + "/") ? String(path.dropFirst(workingDirectory.count + 1)) : path
    }

    /// Returns the bytes of a file that must exist.
    ///
    /// - Parameter place: the position that names the file; `nil` for a file that the user named.
    func bytes(_ path: String, namedAt place: SourcePlace?) throws(ImportNote) -> [UInt8] {
        let problem: String
        switch read(path) {
        case .file(let bytes, _, _): return bytes
        case .directory: problem = "it is a directory"
        case .special: problem = "it is not a regular file"
        case .missing: problem = "there is no such file"
        case .unreadable(let reason): problem = reason
        }
        throw ImportNote(
            .error, .unreadable, "cannot read \(name(path)): \(problem)",
            at: place ?? SourcePlace(SourceFile(name: name(path), directory: "/")))
    }
}

extension String {
    /// Resolves a path lexically.
    ///
    /// - Parameters:
    ///   - directory: the absolute path that a relative path starts from.
    ///   - home: the directory that `~` stands for.
    func absolutePath(from directory: String, home: String?) -> String {
        var path = self
        if let home, path == "~" || path.hasPrefix("~/") { path = home + path.dropFirst() }
        if !path.hasPrefix("/") { path = directory + "/" + path }
        var components: [Substring] = []
        for component in path.split(separator: "/") where component != "." {
            if component == ".." { _ = components.popLast() } else { components.append(component) }
        }
        return "/" + components.joined(separator: "/")
    }

    /// The absolute path of the directory that a file is in.
    var parentPath: String {
        guard let slash = lastIndex(of: "/"), slash > startIndex else { return "/" }
        return String(self[..<slash])
    }

    var lastPathComponent: String { split(separator: "/").last.map(String.init) ?? self }

    /// The text in quotes, safe for a message.
    var quoted: String { Quoted(self).description }
}
