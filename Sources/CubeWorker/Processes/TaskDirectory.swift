import CubeSystem
import CubeTypes
import Glibc
import SystemPackage

/// The working directory of a task. The task owns it and may have put anything there. Therefore, no symbolic link is
/// followed and no existing file is written to.
enum TaskDirectory {
    /// Writes files. Each file atomically replaces the existing file.
    ///
    /// - Parameter owner: the owner of the files; `nil` for the worker's user.
    /// - Throws: `StartRefusal` if a file cannot be written, for example because a directory has its name.
    static func write(_ files: [(file: TaskFile, bytes: [UInt8])], in directory: String, owner: TaskUser?) throws {
        for (file, bytes) in files {
            do {
                // The task may execute it at once.
                try Spawn.withoutStarts { try write(file, bytes, in: directory, owner: owner) }
            } catch let error as Errno where !error.isFullDisk {
                throw StartRefusal(description: "files: \(file.target) cannot be written: \(error)")
            }
        }
    }

    private static func write(_ file: TaskFile, _ bytes: [UInt8], in path: String, owner: TaskUser?) throws {
        var directory = try FileDescriptor.open(path, .readOnly, options: [.directory, .noFollow, .closeOnExec])
        // Closes the directory that was opened last, also after an error.
        defer { close(directory.rawValue) }
        let (components, name) = parts(of: file)
        for component in components {
            if mkdirat(directory.rawValue, component, 0o700) == 0 {
                if let owner {
                    try check(fchownat(directory.rawValue, component, owner.id, owner.group, AT_SYMLINK_NOFOLLOW))
                }
            } else if errno != EEXIST {
                throw Errno(rawValue: errno)
            }
            let next = openat(directory.rawValue, component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            try check(next)
            close(directory.rawValue)
            directory = FileDescriptor(rawValue: next)
        }

        let temporary = temporaryName(name)
        unlinkat(directory.rawValue, temporary, 0)
        let descriptor = openat(
            directory.rawValue, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        try check(descriptor)
        try FileDescriptor(rawValue: descriptor).closeAfter {
            _ = try FileDescriptor(rawValue: descriptor).writeAll(bytes)
            if let owner { try check(fchown(descriptor, owner.id, owner.group)) }
            try check(fchmod(descriptor, mode_t(file.mode)))
        }
        try check(renameat(directory.rawValue, temporary, directory.rawValue, name))
    }

    /// Removes files that were written, if they still exist at their original paths.
    ///
    /// - Throws: if a file may still exist.
    static func remove(_ files: [TaskFile], in path: String) throws {
        for file in files {
            let (components, name) = parts(of: file)
            guard var directory = try opened(path, in: AT_FDCWD) else { continue }
            // Closes the directory that was opened last, also after an error.
            defer { close(directory) }
            var isGone = false
            for component in components {
                guard let next = try opened(component, in: directory) else {
                    isGone = true
                    break
                }
                close(directory)
                directory = next
            }
            guard !isGone else { continue }
            for name in [name, temporaryName(name)] where unlinkat(directory, name, 0) != 0 {
                guard [ENOENT, EISDIR].contains(errno) else { throw Errno(rawValue: errno) }
            }
        }
    }

    /// Opens a directory.
    ///
    /// - Returns: `nil` if the task removed the directory or replaced it by something else.
    private static func opened(_ directory: String, in parent: Int32) throws -> Int32? {
        let descriptor = openat(parent, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor >= 0 { return descriptor }
        if [ENOENT, ENOTDIR, ELOOP].contains(errno) { return nil }
        throw Errno(rawValue: errno)
    }

    /// Splits the target of a file into its directories and its name. The separator is a byte, because a combining
    /// character may follow the slash.
    private static func parts(of file: TaskFile) -> (directories: [String], name: String) {
        let parts = file.target.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        return (parts.dropLast(), parts.last ?? "")
    }

    private static func temporaryName(_ name: String) -> String { ".cube-\(name.utf8.count > 200 ? "file" : name)" }

    private static func check(_ result: Int32) throws {
        guard result >= 0 else { throw Errno(rawValue: errno) }
    }
}
