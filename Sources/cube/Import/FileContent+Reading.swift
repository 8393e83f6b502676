import CubeImport
import CubeSystem
import SystemPackage

extension FileContent {
    /// Reads a file of this machine.
    ///
    /// - Parameter path: an absolute path.
    static func read(_ path: String) -> FileContent {
        let path = FilePath(path)
        let status: Stat
        do throws(Errno) {
            status = try path.stat()
        } catch {
            return error == .noSuchFileOrDirectory || error == .notDirectory ? .missing : .unreadable("\(error)")
        }
        switch status.type {
        case .directory: return .directory
        case .regular: break
        default: return .special
        }
        do throws(FileError) {
            guard let bytes = try RegularFile.read(path, limit: NamedFile.limit) else { return .missing }
            let permissions = status.permissions
            return .file(
                bytes, isExecutable: permissions.contains(.ownerExecute),
                isPrivate: permissions.isDisjoint(with: .otherReadWriteExecute))
        } catch {
            return .unreadable("\(error.cause)")
        }
    }
}
