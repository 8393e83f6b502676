import CubeCore
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

    /// Returns the names of the secrets, sorted; `nil` if they are unknown, because the directory cannot be listed, or because there are
    /// more of them than a worker tells its manager.
    func names() -> [String]? {
        do {
            let found = try Directory.names(in: FilePath(path)) ?? []
            let names = found.map { String(decoding: $0.bytes, as: UTF8.self) }.filter(ContentSource.isSecretName)
            return names.count <= TextBounds.secrets ? names.sorted() : nil
        } catch {
            // The start of a task that needs a secret reports why it cannot be read.
            return nil
        }
    }

    /// Returns the files of a task with their current content.
    ///
    /// - Throws: `StartRefusal`.
    func contents(of definition: TaskDefinition) throws(StartRefusal) -> [(file: TaskFile, bytes: [UInt8])] {
        try definition.files.map { file throws(StartRefusal) in (file, try content(of: file.source)) }
    }

    /// Returns the variables of the files in `env_from`, in the same order.
    ///
    /// - Throws: `StartRefusal`.
    func variables(of definition: TaskDefinition) throws(StartRefusal) -> [[String: String]] {
        try definition.envFrom.map { source throws(StartRefusal) in
            switch EnvironmentFile.read(try content(of: source)) {
            case .success(let variables): return variables
            case .failure(let problem): throw StartRefusal(description: "env_from: \(problem.text(in: source.name))")
            }
        }
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
