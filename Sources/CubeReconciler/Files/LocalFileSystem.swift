import CubeCore
import CubeLinux
package import CubeSystem
import Glibc
package import SystemPackage

/// The file system of this machine.
package struct LocalFileSystem: WritableFileSystem {
    package let isParallel = true
    private let links: LinkPolicy

    /// - Parameter links: The permitted targets of links below a root.
    package init(links: LinkPolicy = .inside) { self.links = links }

    package func openRoot(_ path: FilePath) throws(FileError) -> (any FileTree)? {
        guard let descriptor = try opened(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) else { return nil }
        do throws(FileError) {
            return try LocalFileTree(owning: descriptor, at: path, links: links)
        } catch {
            // If the initialiser throws, no `deinit` runs that would close the descriptor.
            close(descriptor)
            throw error
        }
    }

    package func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8]? {
        guard let file = try RegularFile.open(path) else { return nil }
        return try file.prefix(limit)
    }

    package func exists(_ path: FilePath) throws(FileError) -> Bool {
        var status = stat()
        if path.withPlatformString({ lstat($0, &status) }) == 0 { return true }
        if errno == ENOENT || errno == ENOTDIR { return false }
        throw .last(path.string)
    }

    package func names(in directory: FilePath) throws(FileError) -> [String]? {
        try Directory.names(in: directory)?.map(\.text)
    }

    package func replace(_ path: FilePath, with bytes: [UInt8], durable: Bool) throws(FileError) {
        try AtomicFile.replace(path, with: bytes, durably: durable)
    }

    package func append(_ bytes: [UInt8], to path: FilePath) throws(FileError) -> Int {
        let file = try WritableFile(path, .appending)
        try file.write(bytes)
        return try file.size()
    }

    package func remove(_ path: FilePath) throws(FileError) {
        guard path.withPlatformString({ unlink($0) }) == 0 || errno == ENOENT else { throw .last(path.string) }
    }

    package func rename(_ path: FilePath, to other: FilePath) throws(FileError) {
        try AtomicFile.rename(path, to: other)
    }

    package func makeDirectory(_ path: FilePath) throws(FileError) { try Directory.create(path) }
}

/// A directory of this machine, kept open.
private final class LocalFileTree: FileTree {
    private let descriptor: CInt
    /// The machine's root directory, for links that lead out of this directory; -1 if the link policy forbids them.
    private let outside: CInt
    let links: LinkPolicy
    let isParallel = true
    let identity: RootIdentity
    let isRemote: Bool
    let realPath: FilePath

    /// - Parameter descriptor: The tree closes it. If the initialiser throws, it stays open.
    init(owning descriptor: CInt, at path: FilePath, links: LinkPolicy) throws(FileError) {
        self.descriptor = descriptor
        self.links = links
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last(path.string) }
        identity = .directory(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        isRemote = remoteFileSystems.contains(cube_file_system_type(descriptor))
        guard let real = path.withPlatformString({ realpath($0, nil) }) else { throw .last(path.string) }
        defer { free(real) }
        realPath = FilePath(platformString: real)
        outside = links == .anywhere ? open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1
    }

    deinit {
        close(descriptor)
        if outside >= 0 { close(outside) }
    }

    func listing(of directory: BytePath, known: DirectoryListing?) throws(FileError) -> DirectoryListing? {
        guard let opened = try openBeneath(directory, O_RDONLY | O_DIRECTORY) else { return nil }
        let mount = cube_mount(opened)
        let contents = try Directory.Contents(consuming: opened, path: directory.text)
        var listing =
            if let known, known.contents == contents { known } else {
                DirectoryListing(
                    entries: contents.entries.map { DirectoryEntry(name: $0.name, kind: FileKind(mode: $0.type)) },
                    contents: contents)
            }
        listing.mount = mount < 0 ? nil : mount
        return listing
    }

    func stamp(of path: BytePath) throws(FileError) -> FileStamp? {
        guard let opened = try openBeneath(path, cube_o_path | O_NOFOLLOW) else { return nil }
        defer { close(opened) }
        return try FileStamp(opened, path: path.text)
    }

    func stamps(of names: [BytePath], in directory: BytePath) throws(FileError) -> [FileStamp?] {
        guard let opened = try openBeneath(directory, cube_o_path | O_DIRECTORY) else {
            return Array(repeating: nil, count: names.count)
        }
        defer { close(opened) }
        return try names.map { name throws(FileError) in
            var status = stat()
            if name.withCString({ fstatat(opened, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 { return FileStamp(status) }
            guard errno == ENOENT else { throw .last(directory.appending(name).text) }
            return nil
        }
    }

    func target(ofLink path: BytePath) throws(FileError) -> BytePath? {
        guard let opened = try openBeneath(path, cube_o_path | O_NOFOLLOW) else { return nil }
        defer { close(opened) }
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { readlinkat(opened, "", $0.baseAddress!, $0.count) }
        guard count >= 0 else { throw .last(path.text) }
        return BytePath(buffer.prefix(count))
    }

    func read(_ path: BytePath, limit: Int) throws(FileError) -> FileReading? {
        let (directory, name) = place(of: path)
        guard let file = try RegularFile.open(FilePath(name), beneath: directory) else { return nil }
        let before = try FileStamp(file.descriptor, path: path.text)
        let size = before.size
        let bytes = size > limit ? [] : try file.prefix(limit + 1)
        return FileReading(
            before: before, bytes: bytes, size: max(size, bytes.count),
            after: try FileStamp(file.descriptor, path: path.text))
    }

    /// Returns the directory at which the lookup of a path starts, and the path relative to it.
    private func place(of path: BytePath) -> (directory: CInt, path: BytePath) {
        guard path.isAbsolute else { return (descriptor, path.isRoot ? "." : path) }
        let below = BytePath.joined(path.components)
        return (outside, below.isRoot ? "." : below)
    }

    private func openBeneath(_ path: BytePath, _ flags: CInt) throws(FileError) -> CInt? {
        let (directory, name) = place(of: path)
        let opened = name.withCString { cube_open_beneath(directory, $0, flags) }
        if opened >= 0 { return opened }
        // A directory that became a file counts as deleted.
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw .last(path.text)
    }
}

/// File systems whose inotify misses changes by other machines: NFS, SMB, CIFS, 9p, FUSE, Ceph.
private let remoteFileSystems: Set<UInt32> = [
    0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0102_1997, 0x6573_5546, 0x00C3_6400,
]

private func opened(_ path: FilePath, _ flags: CInt) throws(FileError) -> CInt? {
    let descriptor = path.withPlatformString { open($0, flags) }
    if descriptor >= 0 { return descriptor }
    if errno == ENOENT { return nil }
    throw .last(path.string)
}

extension FileKind {
    fileprivate init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .link
        default: self = .other
        }
    }
}

extension FileStamp {
    fileprivate init(_ status: stat) {
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
        self.init(
            kind: FileKind(mode: status.st_mode),
            content: .file(
                FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)),
                size: Int64(status.st_size), modified: nanoseconds(status.st_mtim),
                changed: nanoseconds(status.st_ctim)))
    }

    /// The size in bytes; 0 for a git object.
    fileprivate var size: Int { if case .file(_, let size, _, _) = content { Int(size) } else { 0 } }

    fileprivate init(_ descriptor: CInt, path: String) throws(FileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last(path) }
        self.init(status)
    }
}
