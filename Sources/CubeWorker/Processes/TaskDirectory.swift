import CubeTypes
import Glibc
import SystemPackage

/// The directory that a task works in. It belongs to the task, which may have put anything there: so no link is followed, and
/// nothing is written to a file that exists.
enum TaskDirectory {
    /// Writes files, each as a whole in the place of what was there.
    ///
    /// - Parameter owner: to whom they belong; `nil`: the worker's user.
    /// - Throws: a `StartRefusal` where something is in the way.
    static func write(_ files: [(file: TaskFile, bytes: [UInt8])], in directory: String, owner: TaskUser?) throws {
        for (file, bytes) in files {
            do {
                try write(file, bytes, in: directory, owner: owner)
            } catch let error as Errno where !error.isFullDisk {
                throw StartRefusal(description: "files: \(file.target) cannot be written: \(error)")
            }
        }
    }

    private static func write(_ file: TaskFile, _ bytes: [UInt8], in path: String, owner: TaskUser?) throws {
        var directory = try FileDescriptor.open(path, .readOnly, options: [.directory, .noFollow, .closeOnExec])
        // Whatever happens, the one that is open last.
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

    /// Removes files that were written, where they still are where they were written to.
    ///
    /// - Throws: where one may still be there.
    static func remove(_ files: [TaskFile], in path: String) throws {
        for file in files {
            let (components, name) = parts(of: file)
            guard var directory = try opened(path, in: AT_FDCWD) else { continue }
            // Whatever happens, the one that is open last.
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

    /// - Returns: `nil` where the task removed the directory, or put something else in the way.
    private static func opened(_ directory: String, in parent: Int32) throws -> Int32? {
        let descriptor = openat(parent, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor >= 0 { return descriptor }
        if [ENOENT, ENOTDIR, ELOOP].contains(errno) { return nil }
        throw Errno(rawValue: errno)
    }

    /// The directories on the way to a file, and its name. What separates them is a byte, whatever comes after it.
    private static func parts(of file: TaskFile) -> (directories: [String], name: String) {
        let parts = file.target.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        return (parts.dropLast(), parts.last ?? "")
    }

    private static func temporaryName(_ name: String) -> String { ".cube-\(name.utf8.count > 200 ? "file" : name)" }

    private static func check(_ result: Int32) throws {
        guard result >= 0 else { throw Errno(rawValue: errno) }
    }
}
