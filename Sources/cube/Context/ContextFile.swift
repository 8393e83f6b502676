import CubeSystem
import FoundationEssentials
import Glibc
import SystemPackage

/// The file with the contexts of a user: `cube/contexts.json` in the user's configuration directory. It contains tokens, so only
/// the user may access it.
struct ContextFile: Sendable {
    let path: FilePath

    /// - Parameter configuration: The configuration directory, as the XDG Base Directory Specification defines it.
    init(configuration: FilePath) { path = configuration.appending("cube").appending("contexts.json") }

    /// The file of the current user: below `XDG_CONFIG_HOME` if that is an absolute path, otherwise below `.config` in the home
    /// directory. `nil` if the user has no home directory.
    static var ofUser: ContextFile? {
        let named = Environment.value("XDG_CONFIG_HOME").map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
        let home = Environment.value("HOME").map { FilePath($0).appending(".config") }
        return (named ?? home).map(ContextFile.init(configuration:))
    }

    /// - Returns: The contexts; none if there is no file.
    /// - Throws: A `Failure` if the file is invalid, or if other users can access it.
    func load() throws -> Contexts {
        do {
            guard let file = try RegularFile.open(path) else { return Contexts() }
            let permissions = try FileDescriptor(rawValue: file.descriptor).stat().permissions
            guard permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]) else {
                throw Failure("\(path) contains tokens, and other users can access it", hint: "run `chmod 600 \(path)`")
            }
        } catch let error as FileError {
            throw Failure("cannot read \(path): \(error.cause)")
        }
        guard let bytes = try NamedFile.read(path) else { return Contexts() }
        do { return try JSONDecoder().decode(Contexts.self, from: Data(bytes)) } catch {
            // The error could quote a token.
            throw Failure("\(path) is not a file of contexts", hint: "remove it, and log in again with `cube login`")
        }
    }

    /// Changes the contexts. Processes that do so at the same time take turns.
    func update(_ change: (inout Contexts) throws -> Void) throws {
        let directory = path.removingLastComponent()
        try directory.makeDirectory()
        try DirectoryLock.inTurn(directory) {
            var contexts = try load()
            try change(&contexts)
            try NamedFile.write(Array((try JSONText.pretty(contexts) + "\n").utf8), to: path)
        }
    }
}
