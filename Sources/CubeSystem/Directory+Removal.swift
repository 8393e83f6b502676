import CubeCore
import Glibc
package import SystemPackage

extension Directory {
    /// Removes a file, or a directory with all of its content, however deep. A missing file is not an error. Symbolic links
    /// below the path are not followed, even if another process replaces a directory with a link meanwhile.
    package static func remove(_ path: FilePath) throws(FileError) {
        guard let root = try TreeRemoval.open(path, in: AT_FDCWD, path.string) else { return }
        defer { close(root) }
        var removal = TreeRemoval(root: root, path: path.string)
        try removal.removeContent()
        guard path.withPlatformString({ unlinkat(AT_FDCWD, $0, AT_REMOVEDIR) }) == 0 || errno == ENOENT else {
            throw .last(path.string)
        }
    }
}

/// The removal of the content of one directory.
///
/// A task decides how deep the tree in its directory is. Therefore, the depth of the recursion, and with it the number of open
/// descriptors, is limited: a directory at the limit is moved up to the root, which is then emptied again.
private struct TreeRemoval {
    private static let maximumDepth = 64

    /// The directory whose content is removed.
    let root: CInt
    /// The path that errors name.
    let path: String
    /// The number of directories that were moved to the root.
    private var moved = 0

    init(root: CInt, path: String) {
        self.root = root
        self.path = path
    }

    /// Removes a file, or opens a directory.
    ///
    /// - Returns: The directory, which the caller must close; `nil` if the file is gone.
    static func open(_ name: FilePath, in parent: CInt, _ path: String) throws(FileError) -> CInt? {
        if name.withPlatformString({ unlinkat(parent, $0, 0) }) == 0 || errno == ENOENT { return nil }
        guard errno == EISDIR || errno == EPERM else { throw .last(path) }
        let directory = name.withPlatformString {
            openat(parent, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
        if directory < 0, errno == ENOENT { return nil }
        guard directory >= 0 else { throw .last(path) }
        return directory
    }

    mutating func removeContent() throws(FileError) {
        var before: Int
        repeat {
            before = moved
            try removeContent(of: root, depth: 1)
        } while moved > before
    }

    private mutating func removeContent(of directory: CInt, depth: Int) throws(FileError) {
        // The listing closes its descriptor, and needs a position of its own: the directory may be listed again.
        let listing = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard listing >= 0 else { throw .last(path) }
        for entry in try Directory.entries(consuming: listing, path: path) {
            try remove(FilePath(entry.name), in: directory, depth: depth)
        }
    }

    private mutating func remove(_ name: FilePath, in parent: CInt, depth: Int) throws(FileError) {
        guard let directory = try Self.open(name, in: parent, path) else { return }
        defer { close(directory) }
        guard depth < Self.maximumDepth else { return try moveToRoot(name, in: parent) }
        try removeContent(of: directory, depth: depth + 1)
        guard name.withPlatformString({ unlinkat(parent, $0, AT_REMOVEDIR) }) == 0 || errno == ENOENT else {
            throw .last(path)
        }
    }

    private mutating func moveToRoot(_ name: FilePath, in parent: CInt) throws(FileError) {
        while true {
            moved += 1
            let target = FilePath(".cube-removed-\(moved)")
            let isMoved = name.withPlatformString { old in
                target.withPlatformString { new in renameat(parent, old, root, new) == 0 }
            }
            if isMoved || errno == ENOENT { return }
            // The name is taken.
            guard errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR else { throw .last(path) }
        }
    }
}
