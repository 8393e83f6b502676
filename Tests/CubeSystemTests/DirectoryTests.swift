import CubeCore
import CubeErrors
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeSystem

/// Reading, removing and locking directories.
@Suite(.timeLimit(.minutes(1)))
struct DirectoryTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A name that is not text.
    private let odd = BytePath([0x61, 0xff])

    @Test func `the entries of a directory are told in the order of their bytes, with what they are`() throws {
        _ = try scratch.write("b", "")
        try Directory.create(scratch.path.appending("A"))
        symlink("b", scratch.path.appending("c").string)
        close(scratch.path.appending(odd).withPlatformString { open($0, O_CREAT | O_WRONLY, 0o600) })
        let entries = try Directory.entries(consuming: open(scratch.path.string, O_RDONLY | O_DIRECTORY), path: "d")
        #expect(entries.map(\.name) == ["A", odd, "b", "c"])
        #expect(entries.map(\.type) == [S_IFDIR, S_IFREG, S_IFREG, S_IFLNK])
        #expect(try Directory.names(in: scratch.path) == ["A", odd, "b", "c"])
    }

    @Test func `a missing directory has no names, and a file is an error`() throws {
        #expect(try Directory.names(in: scratch.path.appending("none")) == nil)
        let file = try scratch.write("file", "")
        #expect(throws: FileError(path: file.string, cause: .notDirectory)) { try Directory.names(in: file) }
    }

    @Test func `a directory is removed with all that is in it, whatever the names, and no link is followed`() throws {
        let kept = try scratch.write("kept", "mine")
        let tree = scratch.path.appending("tree")
        try Directory.create(tree.appending("a/b"))
        symlink(scratch.path.string, tree.appending("a/link").string)
        for place in ["", "a", "a/b"] as [FilePath] {
            let file = tree.pushing(place).appending(odd)
            close(file.withPlatformString { open($0, O_CREAT | O_WRONLY, 0o600) })
        }
        try Directory.remove(tree)
        #expect(try Directory.names(in: scratch.path) == ["kept"])
        try Directory.remove(tree)
        symlink("kept", tree.string)
        try Directory.remove(tree)
        #expect(try RegularFile.read(kept, limit: 8) == Array("mine".utf8))
    }

    @Test func `a directory is removed however deep it is, with few descriptors`() throws {
        let tree = scratch.path.appending("tree")
        try Directory.create(tree)
        // A path of this depth is longer than a system call accepts.
        var place = tree.withPlatformString { open($0, O_RDONLY | O_DIRECTORY) }
        let name = String(repeating: "x", count: 100)
        for _ in 0..<3000 {
            mkdirat(place, name, 0o700)
            mkdirat(place, ".cube-removed-1", 0o700)
            let next = openat(place, name, O_RDONLY | O_DIRECTORY)
            try #require(next >= 0)
            close(place)
            place = next
        }
        close(place)
        try Directory.remove(tree)
        #expect(try Directory.names(in: scratch.path) == [])
    }

    @Test func `a lock ends with its holder, and the content of the file is ignored afterwards`() throws {
        var lock: DirectoryLock? = try .take(scratch.path, for: "cube up")
        let error = #expect(throws: APIError.self) { try DirectoryLock.take(scratch.path, for: "cube apply") }
        #expect(error?.details?["holder"] == "cube up, process \(getpid())")
        #expect(try DirectoryLock.holder(of: scratch.path)?.process == getpid())
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(try DirectoryLock.holder(of: scratch.path) == nil)
        #expect(try DirectoryLock.holder(of: scratch.path.appending("none")) == nil)
        lock = try .take(scratch.path, for: "cube down")
        #expect(try DirectoryLock.holder(of: scratch.path)?.description == "cube down, process \(getpid())")
        withExtendedLifetime(lock) {}
    }
}
