import CubeErrors
import FoundationEssentials
import Glibc
import Testing

@testable import CubeServer

/// Files of secrets that a person names, or that stand in the data directory: a file of another kind blocks nobody.
@Suite(.timeLimit(.minutes(1))) struct SecretFileTests {
    private enum Reading: Equatable {
        /// The first line of the file; `nil` where there is no file.
        case secret(String?)
        /// The message, in which FILE stands for the path.
        case refused(String)
    }

    /// Reads a file that a test makes.
    private func reading(_ make: (String) -> Void) throws -> Reading {
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-secret-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }  // Left to the system where it fails.
        let path = directory.appending(path: "file").path
        make(path)
        do throws(APIError) {
            return .secret(try SecretFile.read(path))
        } catch {
            return .refused(error.message.replacing(path, with: "FILE"))
        }
    }

    @Test func `a pipe, a link and a file that others may read are refused`() throws {
        #expect(
            try reading { mkfifo($0, 0o600) }
                == .refused("cannot read FILE: it is a named pipe, not a regular file"))
        #expect(
            try reading { symlink("/dev/zero", $0) }
                == .refused("cannot read FILE: it is a symbolic link, not a regular file"))
        #expect(
            try reading { close(open($0, O_CREAT | O_WRONLY, 0o644)) }
                == .refused("FILE: others may read it; run chmod 600 FILE"))
    }

    @Test func `the first line of a file is the secret, and a file that is missing has none`() throws {
        #expect(try reading { _ in } == .secret(nil))
        let secret = String(repeating: "x", count: 32)
        #expect(
            try reading { path in
                let file = open(path, O_CREAT | O_WRONLY, 0o600)
                let text = "\(secret)\nsecond line\n"
                _ = text.withCString { write(file, $0, text.utf8.count) }
                close(file)
            } == .secret(secret))
    }
}
