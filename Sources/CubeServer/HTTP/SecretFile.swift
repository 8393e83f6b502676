import CubeErrors
import SystemPackage

/// A file that holds one secret on its first line, for this user alone.
enum SecretFile {
    /// - Parameter shortest: how many characters it has at least.
    /// - Returns: its first line; `nil` where the file is missing.
    /// - Throws: `forbidden` where others may read it; `validation_failed` where it holds no secret.
    static func read(_ path: String, shortest: Int = 32) throws(APIError) -> String? {
        let text: String
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.noFollow, .closeOnExec])
            defer { _ = try? file.close() }  // Nothing was written.
            guard try file.stat().permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]) else {
                throw APIError(.forbidden, "\(path): others may read it; run chmod 600 \(path)")
            }
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
            text = String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        } catch let error as APIError {
            throw error
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw APIError(.internal, "cannot read \(path): \(error)")
        }
        guard (shortest...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw APIError(.validationFailed, "\(path): must hold \(shortest) to 255 visible characters")
        }
        return text
    }
}
