import CubeSystem
import CubeTypes
import SystemPackage

/// The secrets of a worker: named files in a directory that only the worker's user may access. No message contains a secret.
struct SecretDirectory: Sendable {
    let path: String

    private static let limit = 1 << 20

    /// Creates the directory if it does not exist.
    static func prepare(_ path: String) throws -> SecretDirectory {
        try LocalFiles.makeDirectory(path)
        return SecretDirectory(path: path)
    }

    /// Returns the content of a source: the content in the definition, or the current value of the secret.
    ///
    /// - Throws: `StartRefusal`.
    func content(of source: ContentSource) throws(StartRefusal) -> [UInt8] {
        guard let secret = source.secret else {
            guard let content = source.content else {
                throw StartRefusal(description: "the definition of the task lacks the content of \"\(source.name)\"")
            }
            return content
        }
        guard ContentSource.isSecretName(secret) else {
            throw StartRefusal(description: "\"\(source.name)\" is not a valid name of a secret")
        }
        let content: [UInt8]?
        do throws(FileError) {
            content = try LocalFiles.read("\(path)/\(secret)", limit: Self.limit)
        } catch {
            throw StartRefusal(description: "the secret \"\(secret)\" in \(path) cannot be read: \(error.cause)")
        }
        guard let content else { throw StartRefusal(description: "there is no secret \"\(secret)\" in \(path)") }
        return content
    }
}
