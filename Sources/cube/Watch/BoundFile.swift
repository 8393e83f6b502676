import CubeSystem
import Glibc
import SystemPackage

/// A file whose content is kept up to date, and after whose changes a command is due.
///
/// A second file, the mark, exists from before a change of the file until the command has succeeded. A process that is killed in
/// between leaves the mark, and the next one runs the command, although it finds the file as it should be.
struct BoundFile {
    let path: FilePath

    /// The name begins with a dot, so that patterns such as `conf.d/*.conf` do not match it.
    private var mark: FilePath {
        path.removingLastComponent().appending(".\(path.lastComponent?.string ?? "file").changed")
    }

    /// Whether the command has not succeeded since the last change.
    var isCommandDue: Bool { get throws { try NamedFile.read(mark) != nil } }

    /// Writes the file if its content differs.
    ///
    /// - Parameter hasCommand: Whether a command is due after a change.
    /// - Returns: Whether the content differed.
    func update(to content: [UInt8], hasCommand: Bool) throws -> Bool {
        guard try NamedFile.read(path) != content else { return false }
        do throws(FileError) {
            if hasCommand { try AtomicFile.replace(mark, with: [], writers: .several, durably: true) }
            try AtomicFile.rewrite(path, with: content, orCreating: .readableByAll)
        } catch {
            throw FileProblem(doing: "write", error)
        }
        return true
    }

    /// Records that the command has succeeded.
    func commandSucceeded() throws {
        let isGone = mark.withPlatformString { unlink($0) == 0 || errno == ENOENT }
        guard isGone else { throw FileProblem(doing: "remove", .last(mark.string)) }
    }
}
