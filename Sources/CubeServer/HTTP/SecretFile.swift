import CubeErrors
import CubeSystem
import SystemPackage

/// A file that contains a secret on its first line and is readable only by its owner.
enum SecretFile {
    /// - Parameter shortest: The minimum length of the secret.
    /// - Returns: The secret; `nil` if the file does not exist.
    /// - Throws: `forbidden` if other users can access the file; `validation_failed` if it contains no valid secret.
    static func read(_ path: String, shortest: Int = 32) throws(APIError) -> String? {
        let text: String
        do {
            guard let file = try RegularFile.open(FilePath(path), links: .refuse) else { return nil }
            let status = try FileDescriptor(rawValue: file.descriptor).stat()
            guard status.permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]) else {
                throw APIError(.forbidden, "\(path) is accessible to other users; run `chmod 600 \(path)`")
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
            throw APIError(.validationFailed, "\(path) must contain \(shortest) to 255 visible ASCII characters")
        }
        return text
    }
}
