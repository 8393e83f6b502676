package import CubeCore
import CubeLinux
import Glibc
package import SystemPackage

extension Directory {
    package struct Entry: Hashable, Sendable {
        package var name: BytePath
        /// The type of the entry, as the `S_IFMT` bits of its mode; 0 if the entry was removed meanwhile.
        package var type: UInt32
    }

    /// The entries of a directory in the order of its file system, without `.` and `..`.
    ///
    /// Two equal values are found to be equal without making a value of each entry.
    package struct Contents: Hashable, Sendable {
        /// For each entry, the byte of its type, and its name with a NUL.
        private var bytes: [UInt8] = []

        /// Reads the entries of a directory, and closes the descriptor.
        ///
        /// - Parameter path: the path that errors name.
        package init(consuming descriptor: CInt, path: String) throws(FileError) {
            guard let stream = fdopendir(descriptor) else {
                let error = FileError.last(path)
                close(descriptor)
                throw error
            }
            defer { closedir(stream) }
            while true {
                errno = 0
                guard let entry = readdir(stream) else {
                    guard errno == 0 else { throw .last(path) }
                    return
                }
                let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
                let name = start.assumingMemoryBound(to: CChar.self)
                if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { continue }
                // `d_type` contains the type bits of a mode, shifted. Some file systems do not report the type.
                let type = entry.pointee.d_type
                bytes.append(type == 0 ? UInt8(Directory.type(of: name, in: dirfd(stream)) >> 12) : type)
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: name, count: strlen(name) + 1))
            }
        }

        /// The entries, sorted by the bytes of their names.
        package var entries: [Entry] {
            var entries: [Entry] = []
            var rest = bytes[...]
            while let type = rest.popFirst() {
                let name = rest.prefix { $0 != 0 }
                entries.append(Entry(name: BytePath(name), type: UInt32(type) << 12))
                rest = rest[(name.endIndex + 1)...]
            }
            return entries.sorted { $0.name < $1.name }
        }
    }

    /// Reads the entries of a directory without `.` and `..`, sorted by the bytes of their names, and closes the descriptor.
    ///
    /// - Parameter path: the path that errors name.
    package static func entries(consuming descriptor: CInt, path: String) throws(FileError) -> [Entry] {
        try Contents(consuming: descriptor, path: path).entries
    }

    private static func type(of name: UnsafePointer<CChar>, in directory: CInt) -> UInt32 {
        var status = stat()
        return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_mode & S_IFMT : 0
    }

    /// Returns the names in a directory, sorted by their bytes; `nil` if there is no such directory.
    package static func names(in path: FilePath) throws(FileError) -> [BytePath]? {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .last(path.string)
        }
        return try entries(consuming: descriptor, path: path.string).map(\.name)
    }
}
