import CubeReconciler
import FoundationEssentials
import Glibc
import SystemPackage
import Testing

@testable import cube

/// Tests files that are named on the command line. Special files and oversized files are refused without blocking.
@Suite(.timeLimit(.minutes(1))) struct NamedFileTests {
    @Test func `a pipe, a device and an oversized file are refused`() throws {
        let directory = FilePath(FileManager.default.temporaryDirectory.appending(path: "cube-named-\(UUID())").path)
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory.string) }  // A leftover does no harm.
        let (pipe, large) = (directory.appending("pipe"), directory.appending("large"))
        #expect(mkfifo(pipe.string, 0o600) == 0)
        close(open(large.string, O_CREAT | O_WRONLY, 0o600))
        #expect(truncate(large.string, 1 << 40) == 0)
        for (path, why) in [
            (pipe, "it is a named pipe, not a regular file"), ("/dev/zero", "it is a device, not a regular file"),
            (large, "it is larger than 16 MiB"),
        ] as [(FilePath, String)] {
            do {
                _ = try NamedFile.read(path)
                Issue.record("\(path) was read")
            } catch {
                #expect(Failure(error).message == "cannot read \(path): \(why)")
            }
        }
        #expect(try NamedFile.read(directory.appending("none")) == nil)
    }
}
