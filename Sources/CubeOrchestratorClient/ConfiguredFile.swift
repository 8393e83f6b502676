import CubeSystem
import SystemPackage

/// A file that is named in the configuration. Reading it neither blocks on a pipe nor exhausts memory on a device.
enum ConfiguredFile {
    /// The size limit; a configuration, a token or a list of servers is far smaller.
    private static let limit = 1 << 20

    static func bytes(_ path: String) throws(FileError) -> [UInt8] {
        guard let bytes = try RegularFile.read(FilePath(path), limit: limit) else {
            throw FileError(path: path, cause: .noSuchFileOrDirectory)
        }
        return bytes
    }

    /// Invalid UTF-8 is replaced, so that the validation of the text rejects it.
    static func text(_ path: String) throws(FileError) -> String { String(decoding: try bytes(path), as: UTF8.self) }
}
