import CubeSystem
import CubeTypes
import SystemPackage

/// The secrets of a worker: files by name, in a directory that only its user may enter. What is in them is in no message.
struct SecretDirectory: Sendable {
    let path: String

    private static let limit = 1 << 20

    /// Makes the directory where there is none.
    static func prepare(_ path: String) throws -> SecretDirectory {
        try LocalFiles.makeDirectory(path)
        return SecretDirectory(path: path)
    }

    /// What a source holds: what came with the definition, or the secret as it is now.
    ///
    /// - Throws: a `StartRefusal`.
    func content(of source: ContentSource) throws(StartRefusal) -> [UInt8] {
        guard let secret = source.secret else {
            guard let content = source.content else {
                throw StartRefusal(description: "the content of \"\(source.name)\" did not come with the task")
            }
            return content
        }
        guard ContentSource.isSecretName(secret) else {
            throw StartRefusal(description: "\"\(source.name)\" names no secret")
        }
        let content: [UInt8]?
        do throws(FileError) {
            content = try LocalFiles.read("\(path)/\(secret)", limit: Self.limit)
        } catch {
            throw StartRefusal(description: "the secret \"\(secret)\" of \(path) cannot be read: \(error.cause)")
        }
        guard let content else { throw StartRefusal(description: "there is no secret \"\(secret)\" in \(path)") }
        return content
    }
}
