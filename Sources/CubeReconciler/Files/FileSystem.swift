package import CubeCore
package import CubeSystem
package import SystemPackage

/// Reads files. A missing file is `nil`; an unreadable file throws.
package protocol FileSystem: Sendable {
    /// Opens the directory at `path` and follows links. All reads below it use this directory, even if another one
    /// later takes its path.
    func openRoot(_ path: FilePath) throws(FileError) -> (any FileTree)?

    /// Returns the first `limit` bytes of a file.
    func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8]?

    func exists(_ path: FilePath) throws(FileError) -> Bool

    /// Returns the names in a directory, in byte order.
    func names(in directory: FilePath) throws(FileError) -> [String]?
}

/// An open directory and the files below it. Paths are relative to the directory and must not pass
/// through links.
package protocol FileTree: Sendable {
    /// The identity of the directory or repository. Later, another directory may be at the same path.
    var identity: RootIdentity { get }
    /// Whether the file system reports no events for changes by other machines, as NFS does, so that they must be
    /// polled.
    var isRemote: Bool { get }
    /// The path with all links resolved.
    var realPath: FilePath { get }
    /// The permitted targets of links. With ``LinkPolicy/anywhere``, an absolute path refers to a file outside the
    /// directory.
    var links: LinkPolicy { get }
    /// Whether reading several files at the same time is faster.
    var isParallel: Bool { get }

    /// Returns the contents of a directory.
    ///
    /// - Parameter known: What was returned for the directory before. It helps to find the same entries faster.
    func listing(of directory: BytePath, known: DirectoryListing?) throws(FileError) -> DirectoryListing?
    /// Returns the stamp of an entry. For a link, it is the stamp of the link itself.
    func stamp(of path: BytePath) throws(FileError) -> FileStamp?
    /// Returns the stamps of several entries of one directory, in their order; `nil` for those that are missing.
    func stamps(of names: [BytePath], in directory: BytePath) throws(FileError) -> [FileStamp?]
    /// Returns the target of a link, as written.
    func target(ofLink path: BytePath) throws(FileError) -> BytePath?
    /// Reads a file, with its stamps before and after. The content of a file larger than `limit` may be omitted.
    func read(_ path: BytePath, limit: Int) throws(FileError) -> FileReading?
}

extension FileTree {
    package func listing(of directory: BytePath) throws(FileError) -> DirectoryListing? {
        try listing(of: directory, known: nil)
    }
}

/// Writes files.
package protocol WritableFileSystem: FileSystem {
    /// Whether writing several files at the same time is faster.
    var isParallel: Bool { get }

    /// Replaces a file atomically: readers see either the old or the new content.
    ///
    /// - Parameter durable: Whether the content must be on the disk when this returns.
    func replace(_ path: FilePath, with bytes: [UInt8], durable: Bool) throws(FileError)
    /// Appends to a file. Creates the file if it is missing.
    ///
    /// - Returns: The length of the file afterwards, in bytes.
    func append(_ bytes: [UInt8], to path: FilePath) throws(FileError) -> Int
    /// Removes a file if it exists.
    func remove(_ path: FilePath) throws(FileError)
    func rename(_ path: FilePath, to other: FilePath) throws(FileError)
    /// Creates a directory (mode 0700) and its missing parents.
    func makeDirectory(_ path: FilePath) throws(FileError)
}

/// The kind of an entry, and the identity of its content.
package struct FileStamp: Hashable, Sendable {
    package var kind: FileKind
    package var content: ContentStamp

    package init(kind: FileKind, content: ContentStamp) {
        self.kind = kind
        self.content = content
    }
}

/// Distinguishes contents of a file without reading them.
package enum ContentStamp: Hashable, Sendable {
    /// A file of this machine. The times are those of the content and of the inode, in nanoseconds since 1970.
    case file(FileIdentity, size: Int64, modified: Int64, changed: Int64)
    /// A git object. Its id determines its content. The id of a directory is empty.
    case object(id: String)
}

package enum FileKind: Hashable, Sendable {
    case file, directory, link, other
    /// A git submodule, of which the tree contains only a commit id.
    case submodule
    /// Two entries of a git tree have this name, so the entry is ambiguous.
    case twice
}

/// The contents of a directory.
package struct DirectoryListing: Hashable, Sendable {
    /// The entries, by name in byte order.
    package var entries: [DirectoryEntry]
    /// The id of the mount that contains the directory; `nil` if it is unknown.
    package var mount: Int64?
    /// The contents as the file system lists them; `nil` if the directory is not one of this machine.
    package var contents: Directory.Contents?

    package init(entries: [DirectoryEntry], mount: Int64? = nil, contents: Directory.Contents? = nil) {
        self.entries = entries
        self.mount = mount
        self.contents = contents
    }
}

package struct DirectoryEntry: Hashable, Sendable {
    package var name: BytePath
    package var kind: FileKind

    package init(name: BytePath, kind: FileKind) {
        self.name = name
        self.kind = kind
    }
}

package struct FileReading: Hashable, Sendable {
    package var before: FileStamp
    package var bytes: [UInt8]
    /// The size of the file in bytes, even if not all bytes were read.
    package var size: Int
    package var after: FileStamp

    package init(before: FileStamp, bytes: [UInt8], size: Int, after: FileStamp) {
        self.before = before
        self.bytes = bytes
        self.size = size
        self.after = after
    }
}
