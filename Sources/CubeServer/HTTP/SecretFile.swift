import CubeErrors
import CubeSystem
import SystemPackage

/// A file that holds one secret on its first line, for this user alone.
enum SecretFile {
    /// - Parameter shortest: how many characters it has at least.
    /// - Returns: its first line; `nil` where the file is missing.
    /// - Throws: `forbidden` where others may read it; `validation_failed` where it holds no secret.
    static func read(_ path: String, shortest: Int = 32) throws(APIError) -> String? {
        let text: String
        do {
            guard let file = try RegularFile.open(FilePath(path), links: .refuse) else { return nil }
            let status = try FileDescriptor(rawValue: file.descriptor).stat()
            guard status.permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]) else {
                throw APIError(.forbidden, "\(path): others may read it; run chmod 600 \(path)")
            }
            text = String(decoding: try file.prefix(256).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        } catch let error as APIError {
            throw error
        } catch let error as FileError {
            throw APIError(.internal, "cannot read \(path): \(error.cause)")
        } catch {
            throw APIError(.internal, "cannot read \(path): \(error)")
        }
        guard (shortest...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw APIError(.validationFailed, "\(path): must hold \(shortest) to 255 visible characters")
        }
        return text
    }
}
