import CubeCore
import CubeReconciler
import CubeSystem
import CubeTesting
import Foundation
import Glibc
import Synchronization
import SystemPackage

/// A directory with entries of every kind, generated from a seed: names that are invalid UTF-8 or Unicode variants of
/// each other, links to arbitrary targets, pipes, broken files, oversized files, and pointers to other files. It is
/// deleted when the object is deallocated.
final class FuzzedTree: Sendable {
    /// The content of a file outside the directory.
    static let secret = "hunter2-outside"

    private struct State {
        var random: SeededGenerator
        var changed: Set<BytePath> = []
        var log: [String] = []
        var number = 0
    }

    private let directory: FilePath
    private let state: Mutex<State>
    var manifests: FilePath { directory.appending("manifests") }
    var log: [String] { state.withLock(\.log) }

    init(seed: UInt64) throws {
        directory = FilePath(
            FileManager.default.temporaryDirectory.appending(path: "cube-fuzz-\(seed)-\(UUID())").path)
        state = Mutex(State(random: SeededGenerator(seed: seed)))
        try FileManager.default.createDirectory(atPath: manifests.string, withIntermediateDirectories: true)
        try Data("\(Self.secret)\n".utf8).write(to: URL(filePath: directory.appending("secret").string))
        state.withLock { state in
            for _ in 0..<Int.random(in: 1...10, using: &state.random) { add(&state) }
        }
    }

    deinit { remove(directory) }

    // MARK: Names

    /// Names of manifests and of other files. Some are equal under Unicode normalisation, and some are invalid UTF-8.
    private static let names: [BytePath] = [
        "a.json", "b.json", BytePath(naming: "caf\u{e9}.json"), BytePath(naming: "cafe\u{301}.json"),
        BytePath(naming: "K.json"), BytePath(naming: "\u{212A}.json"), BytePath([0xFF] + Array(".json".utf8)),
        BytePath([0xC3] + Array(".json".utf8)), BytePath(naming: "\u{301}.json"), BytePath(naming: "back\\slash.json"),
        BytePath(naming: "back\\xFF.json"), BytePath(naming: "line\nend.json"), "cube.json", ".hidden.json",
        "#edit#.json",
        "web.JSON", "web.yaml", "app.conf", BytePath([0xFE]), BytePath(naming: "\u{301}"), ".json", "x.json.json",
        "loop.json",
    ]

    private static let folders: [BytePath] = [
        "team", "team.json", BytePath(naming: "caf\u{e9}"), BytePath(naming: "cafe\u{301}"), BytePath([0xFF]), ".conf",
        BytePath(naming: "\u{301}"),
    ]

    private static let targets = [
        ".", "..", "../..", "a.json", "team", "../a.json", "team/a.json", "nothing", "loop.json", "/dev/zero",
        "/etc/shadow",
        "/proc/self/environ", "../secret", "../../secret", ".conf/app.conf", "app.conf", "\u{212A}.json", "/",
    ]

    // MARK: Changes

    /// Returns the entries that changed since the last call.
    func takeChanged() -> Set<BytePath> {
        state.withLock { state in
            defer { state.changed = [] }
            return state.changed
        }
    }

    /// Creates, deletes, changes and renames a few entries.
    func mutate() {
        state.withLock { state in
            for _ in 0..<Int.random(in: 1...3, using: &state.random) {
                let all = entries()
                switch Int.random(in: 0..<4, using: &state.random) {
                case 0: if let path = all.randomElement(using: &state.random) { take(path, &state) }
                case 1:
                    guard let path = all.randomElement(using: &state.random) else { break }
                    let other = place(&state)
                    state.log.append("rename \(path) \(other)")
                    state.changed.formUnion([path, other])
                    _ = file(path).withPlatformString { from in file(other).withPlatformString { rename(from, $0) } }
                default: add(&state)
                }
            }
        }
    }

    private func take(_ path: BytePath, _ state: inout State) {
        state.log.append("remove \(path)")
        state.changed.insert(path)
        remove(file(path))
    }

    private func file(_ path: BytePath) -> FilePath { manifests.appending(path) }

    /// A name, new or existing, in an existing directory.
    private func place(_ state: inout State) -> BytePath {
        let directories = [.root] + entries().filter { kind(of: $0) == S_IFDIR }
        let directory = directories.randomElement(using: &state.random) ?? .root
        let isFolder = Int.random(in: 0..<4, using: &state.random) == 0
        return directory.appending((isFolder ? Self.folders : Self.names).randomElement(using: &state.random)!)
    }

    private func add(_ state: inout State) {
        let path = place(&state)
        state.changed.insert(path)
        let target = Self.targets.randomElement(using: &state.random)!
        let draw = Int.random(in: 0..<16, using: &state.random)
        state.log.append("add \(path), draw \(draw), target \(target)")
        if kind(of: path) != nil, draw != 15 { remove(file(path)) }
        file(path).withPlatformString { name in
            switch draw {
            case 0..<2: mkdir(name, 0o755)
            case 2..<4: symlink(target, name)
            case 4: _ = path.splittingLastEntry.name.withCString { symlink($0, name) }
            case 5: mkfifo(name, 0o600)
            case 6: truncate(makeFile(name, ""), 2 << 20)
            case 7: _ = makeFile(name, "{\"name\": ")
            case 8: _ = makeFile(name, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
            case 9: _ = makeFile(name, #"{"atomic": true}"#)
            case 10:
                state.number += 1
                let source = target.isRelativePath && state.number.isMultiple(of: 2) ? target : "app.conf"
                let beside = path.splittingLastEntry.directory.appending("app.conf")
                if kind(of: beside) == nil {
                    state.changed.insert(beside)
                    file(beside).withPlatformString { _ = makeFile($0, "setting = \(state.number)") }
                }
                _ = makeFile(
                    name,
                    #"{"name": "w\#(state.number % 7)", "command": ["true"], "files": [{"source": "\#(source)", "target": "x"}]}"#
                )
            default:
                state.number += 1
                _ = makeFile(name, #"{"name": "w\#(state.number % 7)", "command": ["true", "\#(state.number)"]}"#)
            }
            if draw == 14 { chmod(name, 0) }
        }
    }

    /// - Returns: the same name.
    private func makeFile(_ name: UnsafePointer<CChar>, _ text: String) -> UnsafePointer<CChar> {
        let descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else { return name }
        defer { close(descriptor) }
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
        return name
    }

    // MARK: Independent listing

    private func kind(of path: BytePath) -> mode_t? {
        var status = stat()
        guard file(path).withPlatformString({ lstat($0, &status) }) == 0 else { return nil }
        return status.st_mode & S_IFMT
    }

    /// Lists every entry below the directory, without following links.
    private func entries(in directory: BytePath = .root, depth: Int = 0) -> [BytePath] {
        guard depth < 6, let stream = file(directory).withPlatformString({ opendir($0) }) else { return [] }
        var found: [BytePath] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes != [0x2E], bytes != [0x2E, 0x2E] { found.append(directory.appending(BytePath(bytes))) }
        }
        closedir(stream)
        found.sort()
        return found + found.filter { kind(of: $0) == S_IFDIR }.flatMap { entries(in: $0, depth: depth + 1) }
    }

    /// The regular files with names of manifests that are not reached through links, with their contents.
    func plainFiles() -> [(BytePath, String)] {
        entries().filter { path in
            let names = path.bytes.split(separator: UInt8(ascii: "/"))
            let isFile =
                names.last.map { $0.first != UInt8(ascii: "#") && $0.suffix(5).elementsEqual(".json".utf8) } ?? false
            return isFile && names.allSatisfy { $0.first != UInt8(ascii: ".") } && kind(of: path) == S_IFREG
        }.map { path in
            let bytes = try? RegularFile.read(file(path), limit: 3 << 20)  // An unreadable file declares nothing.
            return (path, String(decoding: bytes.flatMap { $0 } ?? [], as: UTF8.self))
        }
    }

    private func remove(_ path: FilePath) {
        if path.withPlatformString({ unlink($0) }) == 0 { return }
        guard let stream = path.withPlatformString({ opendir($0) }) else { return }
        var names: [BytePath] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes != [0x2E], bytes != [0x2E, 0x2E] { names.append(BytePath(bytes)) }
        }
        closedir(stream)
        for name in names { remove(path.appending(name)) }
        _ = path.withPlatformString { rmdir($0) }
    }
}

/// The file system of this machine, with an action that runs once in the middle of a listing.
final class MovingFileSystem: FileSystem {
    private struct State {
        var action: (@Sendable () -> Void)?
        var calls = 0
    }

    private let local = LocalFileSystem()
    private let state = Mutex(State())

    /// - Parameter action: Called at the third access to the tree.
    func during(_ action: @escaping @Sendable () -> Void) { state.withLock { $0 = State(action: action) } }

    /// Cancels the action if it has not run yet.
    func stop() { state.withLock { $0 = State() } }

    fileprivate func step() {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            state.calls += 1
            guard state.calls == 3 else { return nil }
            defer { state.action = nil }
            return state.action
        }
        action?()
    }

    func openRoot(_ path: FilePath) throws(FileError) -> (any FileTree)? {
        guard let tree = try local.openRoot(path) else { return nil }
        return MovingTree(tree: tree, files: self)
    }

    func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8]? { try local.read(path, limit: limit) }
    func exists(_ path: FilePath) throws(FileError) -> Bool { try local.exists(path) }
    func names(in directory: FilePath) throws(FileError) -> [String]? { try local.names(in: directory) }
}

private struct MovingTree: FileTree {
    let tree: any FileTree
    let files: MovingFileSystem

    var identity: RootIdentity { tree.identity }
    var isRemote: Bool { tree.isRemote }
    var realPath: FilePath { tree.realPath }
    var links: LinkPolicy { tree.links }
    /// The moves of a seed come between the same reads each time.
    let isParallel = false

    func listing(of directory: BytePath, known: DirectoryListing?) throws(FileError) -> DirectoryListing? {
        files.step()
        return try tree.listing(of: directory, known: known)
    }

    func stamp(of path: BytePath) throws(FileError) -> FileStamp? {
        files.step()
        return try tree.stamp(of: path)
    }

    func stamps(of names: [BytePath], in directory: BytePath) throws(FileError) -> [FileStamp?] {
        files.step()
        return try tree.stamps(of: names, in: directory)
    }

    func target(ofLink path: BytePath) throws(FileError) -> BytePath? { try tree.target(ofLink: path) }

    func read(_ path: BytePath, limit: Int) throws(FileError) -> FileReading? {
        files.step()
        return try tree.read(path, limit: limit)
    }
}
