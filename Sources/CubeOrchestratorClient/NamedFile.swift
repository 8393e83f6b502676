import CubeSystem
import SystemPackage

/// A file that the program's configuration names: no pipe blocks it, and no device fills its memory.
enum NamedFile {
    /// A configuration, a token or a list of servers has far less.
    private static let limit = 1 << 20

    static func bytes(_ path: String) throws(FileError) -> [UInt8] {
        guard let bytes = try RegularFile.read(FilePath(path), limit: limit) else {
            throw FileError(path: path, cause: .noSuchFileOrDirectory)
        }
        return bytes
    }

    /// What is no UTF-8 is replaced, and then refused by whoever reads it.
    static func text(_ path: String) throws(FileError) -> String { String(decoding: try bytes(path), as: UTF8.self) }
}
