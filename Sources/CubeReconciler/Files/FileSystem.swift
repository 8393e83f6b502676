package import CubeCore
package import CubeSystem
package import SystemPackage

/// Reading files. What is not there is `nil`; what cannot be read throws.
package protocol FileSystem: Sendable {
    /// Opens the directory at `path`, links followed: all that is read below it is read from this very directory, also
    /// when another one takes its place.
    func openRoot(_ path: FilePath) throws(FileError) -> (any FileTree)?

    /// The first `limit` bytes of a file.
    func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8]?

    func exists(_ path: FilePath) throws(FileError) -> Bool

    /// The names in a directory, in the order of their bytes.
    func names(in directory: FilePath) throws(FileError) -> [String]?
}

/// A directory that was opened, and what is below it. Paths are relative to it, and lead through no link.
package protocol FileTree: Sendable {
    /// Which directory or repository it is: what stands at its path later may be another one.
    var identity: RootIdentity { get }
    /// Whether changes that other machines make here are seen by nobody but those who look, as on NFS.
    var isRemote: Bool { get }
    /// The path without any link.
    var realPath: FilePath { get }
    /// Where links may lead. With ``LinkPolicy/anywhere`` an absolute path is that of a file outside of the directory.
    var links: LinkPolicy { get }

    func listing(of directory: BytePath) throws(FileError) -> DirectoryListing?
    /// What a file is; a link itself, not where it leads.
    func stamp(of path: BytePath) throws(FileError) -> FileStamp?
    /// The same for many entries of one directory; those that are gone are left out.
    func stamps(of names: [BytePath], in directory: BytePath) throws(FileError) -> [BytePath: FileStamp]
    /// Where a link leads, as it was written.
    func target(ofLink path: BytePath) throws(FileError) -> BytePath?
    /// A file, and what it was before and after it was read. Of a larger one than `limit` nothing need be read.
    func read(_ path: BytePath, limit: Int) throws(FileError) -> FileReading?
}

/// Writing files.
package protocol WritableFileSystem: FileSystem {
    /// Puts a whole file in the place of whatever is there: a reader sees the old one or the new one.
    ///
    /// - Parameter durable: whether it must have reached the disk when this returns.
    func replace(_ path: FilePath, with bytes: [UInt8], durable: Bool) throws(FileError)
    /// Writes at the end of a file, which is made where it is missing.
    ///
    /// - Returns: how long the file is then.
    func append(_ bytes: [UInt8], to path: FilePath) throws(FileError) -> Int
    /// Takes a file away, if it is there.
    func remove(_ path: FilePath) throws(FileError)
    func rename(_ path: FilePath, to other: FilePath) throws(FileError)
    /// Makes a directory (0700) and those above it that are missing.
    func makeDirectory(_ path: FilePath) throws(FileError)
}

/// What an entry is, and which content it has.
package struct FileStamp: Hashable, Sendable {
    package var kind: FileKind
    package var content: ContentStamp

    package init(kind: FileKind, content: ContentStamp) {
        self.kind = kind
        self.content = content
    }
}

/// What tells one content of a file from another without reading it.
package enum ContentStamp: Hashable, Sendable {
    /// A file of this machine. The times are nanoseconds since 1970: of the content and of the inode.
    case file(FileIdentity, size: Int64, modified: Int64, changed: Int64)
    /// An object of git, whose id says all of its content; empty for a directory.
    case object(id: String)
}

package enum FileKind: Hashable, Sendable {
    case file, directory, link, other
    /// Another repository, of which a tree of git names but a commit.
    case submodule
    /// Two entries of a tree of git have this name: nobody can tell which of them is meant.
    case twice
}

/// What is in a directory.
package struct DirectoryListing: Hashable, Sendable {
    /// In the order of the names' bytes.
    package var entries: [DirectoryEntry]
    /// Which mount the directory lies on; `nil` where nobody can say.
    package var mount: Int64?

    package init(entries: [DirectoryEntry], mount: Int64? = nil) {
        self.entries = entries
        self.mount = mount
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
    /// How many bytes the file has, also where not all of them were read.
    package var size: Int
    package var after: FileStamp

    package init(before: FileStamp, bytes: [UInt8], size: Int, after: FileStamp) {
        self.before = before
        self.bytes = bytes
        self.size = size
        self.after = after
    }
}
