import CubeCore
import CubeSystem
import Synchronization
import SystemPackage

@testable import CubeReconciler

/// The real file system, with counters and injected failures.
final class ObservedFileSystem: WritableFileSystem {
    private struct State {
        var faults: [String: Errno] = [:]
        var known: [String] = []
        var reads: [String] = []
        var looks = 0
        var lists = 0
        var writes: [String] = []
        var whileReading: [String: @Sendable () -> Void] = [:]
    }

    let isParallel = false
    private let local = LocalFileSystem()
    private let state = Mutex(State())

    /// Makes every use of a path that ends with `suffix` fail from now on; `nil` ends the failures.
    func fail(_ suffix: String, with cause: Errno?) { state.withLock { $0.faults[suffix] = cause } }

    /// Runs `action` once, between the read of a file below a root and the second look at its stamp.
    func whileReading(_ path: String, _ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.whileReading[path] = action }
    }

    /// The files below a root that were read since the last call.
    func takeReads() -> [String] {
        state.withLock { state in
            defer { state.reads = [] }
            return state.reads
        }
    }

    /// The number of stamped entries and of listed directories below a root since the last call.
    func takeLooks() -> (looks: Int, lists: Int) {
        state.withLock { state in
            defer { (state.looks, state.lists) = (0, 0) }
            return (state.looks, state.lists)
        }
    }

    fileprivate func note(looks: Int = 0, lists: Int = 0) {
        state.withLock { state in
            state.looks += looks
            state.lists += lists
        }
    }

    /// The directories of which a look knew that all manifests were read, since the last call.
    func takeKnown() -> [String] {
        state.withLock { state in
            defer { state.known = [] }
            return state.known
        }
    }

    fileprivate func noteKnown(_ directory: String) { state.withLock { $0.known.append(directory) } }

    /// The files that were written or removed since the last call.
    func takeWrites() -> [String] {
        state.withLock { state in
            defer { state.writes = [] }
            return state.writes
        }
    }

    fileprivate func check(_ path: String) throws(FileError) {
        let fault = state.withLock { state in state.faults.first { path.hasSuffix($0.key) }?.value }
        if let fault { throw FileError(path: path, cause: fault) }
    }

    fileprivate func noteRead(_ path: String) -> (@Sendable () -> Void)? {
        state.withLock { state in
            state.reads.append(path)
            return state.whileReading.removeValue(forKey: path)
        }
    }

    private func noteWrite(_ path: FilePath) throws(FileError) {
        try check(path.string)
        state.withLock { $0.writes.append(path.string) }
    }

    func openRoot(_ path: FilePath) throws(FileError) -> (any FileTree)? {
        try check(path.string)
        guard let tree = try local.openRoot(path) else { return nil }
        return ObservedTree(tree: tree, files: self)
    }

    func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8]? {
        try check(path.string)
        return try local.read(path, limit: limit)
    }

    func exists(_ path: FilePath) throws(FileError) -> Bool { try local.exists(path) }
    func names(in directory: FilePath) throws(FileError) -> [String]? { try local.names(in: directory) }

    func replace(_ path: FilePath, with bytes: [UInt8], durable: Bool) throws(FileError) {
        try noteWrite(path)
        try local.replace(path, with: bytes, durable: durable)
    }

    func append(_ bytes: [UInt8], to path: FilePath) throws(FileError) -> Int {
        try noteWrite(path)
        return try local.append(bytes, to: path)
    }

    func remove(_ path: FilePath) throws(FileError) {
        try noteWrite(path)
        try local.remove(path)
    }

    func rename(_ path: FilePath, to other: FilePath) throws(FileError) {
        try noteWrite(path)
        try local.rename(path, to: other)
    }

    func makeDirectory(_ path: FilePath) throws(FileError) {
        try noteWrite(path)
        try local.makeDirectory(path)
    }
}

private struct ObservedTree: FileTree {
    let tree: any FileTree
    let files: ObservedFileSystem

    var identity: RootIdentity { tree.identity }
    var isRemote: Bool { tree.isRemote }
    var realPath: FilePath { tree.realPath }
    var links: LinkPolicy { tree.links }
    var isParallel: Bool { tree.isParallel }

    func listing(of directory: BytePath, known: DirectoryListing?) throws(FileError) -> DirectoryListing? {
        try files.check(directory.text)
        files.note(lists: 1)
        if known != nil { files.noteKnown(directory.text) }
        return try tree.listing(of: directory, known: known)
    }

    func stamp(of path: BytePath) throws(FileError) -> FileStamp? {
        files.note(looks: 1)
        return try tree.stamp(of: path)
    }

    func stamps(of names: [BytePath], in directory: BytePath) throws(FileError) -> [FileStamp?] {
        files.note(looks: names.count)
        return try tree.stamps(of: names, in: directory)
    }

    func target(ofLink path: BytePath) throws(FileError) -> BytePath? { try tree.target(ofLink: path) }

    func read(_ path: BytePath, limit: Int) throws(FileError) -> FileReading? {
        try files.check(path.text)
        guard let whileReading = files.noteRead(path.text) else { return try tree.read(path, limit: limit) }
        guard var reading = try tree.read(path, limit: limit) else { return nil }
        whileReading()
        guard let after = try tree.stamp(of: path) else { return nil }
        reading.after = after
        return reading
    }
}
