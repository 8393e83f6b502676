import CubeSystem
import CubeTypes
import Glibc
import SystemPackage

/// `stops`, beside the store: room that is kept for the ids of tasks that are to stop while the disk is full.
///
/// The file has its full length from the start and is only written over, so that writing needs no room.
struct StopReserve: Sendable {
    private let path: FilePath

    init(directory: FilePath) { path = directory.appending("stops") }

    /// A line for each task: its id and a line feed. A line of zeros is free.
    private static let lineLength = 37
    private static let lines = 1771  // 64 KiB.

    /// Takes the room, where it is not taken yet.
    ///
    /// - Throws: `Errno` where the disk has none.
    func prepare() throws {
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .noFollow, .nonBlocking, .closeOnExec], permissions: .ownerReadWrite)
        try file.closeAfter {
            let missing = Self.lines * Self.lineLength - Int(try file.seek(offset: 0, from: .end))
            guard missing > 0 else { return }
            // Written rather than allocated: not every file system writes over what it has only allocated without new room.
            _ = try file.writeAll([UInt8](repeating: 0, count: missing))
            guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
    }

    /// The ids that are noted down; none where the file cannot be read.
    func read() -> [TaskID] {
        // As said: without it, those who asked for the stops ask again.
        guard let bytes = try? RegularFile.read(path, limit: Self.lines * Self.lineLength, links: .refuse) else {
            return []
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            TaskID(rawValue: String(line.drop { $0 == "\0" }))
        }
    }

    /// - Throws: `StoreError.full` where there are more than have room.
    func write(_ ids: [TaskID]) throws {
        guard ids.count <= Self.lines else { throw StoreError.full("more stops are noted down than there is room for") }
        let bytes = Array(ids.map { "\($0)\n" }.joined().utf8)
        do {
            let file = try FileDescriptor.open(path, .readWrite, options: [.noFollow, .nonBlocking, .closeOnExec])
            try file.closeAfter {
                let zeros = [UInt8](repeating: 0, count: Self.lines * Self.lineLength - bytes.count)
                _ = try file.writeAll(toAbsoluteOffset: 0, bytes + zeros)
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch {
            throw StoreError.full("\(path) cannot be written: \(error)")
        }
    }
}
