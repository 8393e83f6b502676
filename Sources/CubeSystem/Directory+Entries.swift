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

    /// Reads the entries of a directory without `.` and `..`, sorted by the bytes of their names, and closes the descriptor.
    ///
    /// - Parameter path: the path that errors name.
    package static func entries(consuming descriptor: CInt, path: String) throws(FileError) -> [Entry] {
        guard let stream = fdopendir(descriptor) else {
            let error = FileError.last(path)
            close(descriptor)
            throw error
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .last(path) }
                break
            }
            let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
            let bytes = start.assumingMemoryBound(to: CChar.self)
            if strcmp(bytes, ".") == 0 || strcmp(bytes, "..") == 0 { continue }
            let name = BytePath(UnsafeRawBufferPointer(start: bytes, count: strlen(bytes)))
            // `d_type` contains the type bits of a mode, shifted. Some file systems do not report the type.
            let type = UInt32(entry.pointee.d_type) << 12
            entries.append(Entry(name: name, type: type == 0 ? self.type(of: bytes, in: dirfd(stream)) : type))
        }
        return entries.sorted { $0.name < $1.name }
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
