import CubeErrors
import Glibc
import SystemPackage

/// The tokens of a data directory: made once, readable by its user alone.
struct TokenFiles {
    enum Role: String, CaseIterable { case read, write, worker }

    let directory: FilePath

    func path(_ role: Role) -> FilePath { directory.appending(role.rawValue) }

    /// Makes the tokens that are missing.
    func prepare() throws {
        try directory.makeDirectory()
        for role in Role.allCases where !path(role).exists {
            try AtomicFile.write(Array("\(Self.generate())\n".utf8), to: path(role), mode: 0o600)
        }
    }

    /// - Throws: where the file is missing, cannot be read, or is empty.
    func token(_ role: Role) throws -> String { try Self.read(path(role)) }

    /// The token in a file: its first line.
    static func read(_ path: FilePath) throws -> String {
        guard let bytes = try AtomicFile.read(path) else {
            throw FileError(path: path, doing: "read the token in", errno: ENOENT)
        }
        let token = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard !token.isEmpty else { throw Failure("\(path): the file holds no token") }
        return token
    }

    /// 256 random bits in hexadecimal.
    private static func generate() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in
            let byte = String(UInt8.random(in: 0...255, using: &generator), radix: 16)
            return byte.count == 1 ? "0\(byte)" : byte
        }.joined()
    }
}
