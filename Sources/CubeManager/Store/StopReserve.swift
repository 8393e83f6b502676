import CubeSystem
import CubeTypes
import SystemPackage

/// `stops`, a file beside the store that reserves space for the ids of tasks to stop while the disk is full.
///
/// The file has its full length from the start and is only overwritten, so that writing needs no free space.
struct StopReserve: Sendable {
    private let path: FilePath

    init(directory: FilePath) { path = directory.appending("stops") }

    /// Each task takes one line: its id and a line feed. Lines of zeros are free.
    private static let lineLength = 37
    private static let lines = 1771  // 64 KiB.

    /// Allocates the file's space, unless it is already allocated.
    ///
    /// - Throws: `FileError` if the disk is full.
    func prepare() throws(FileError) {
        let file = try WritableFile(path, .inPlace)
        let size = try file.size()
        guard size < Self.lines * Self.lineLength else { return }
        // Write zeros instead of only allocating: on some file systems, overwriting allocated but unwritten blocks
        // needs new space.
        try file.seek(to: size)
        try file.write([UInt8](repeating: 0, count: Self.lines * Self.lineLength - size))
        try file.synchronize()
        try file.close()
    }

    /// Returns the ids in the file; none if the file is unreadable.
    func read() -> [TaskID] {
        // A missing or unreadable reserve is no error: callers repeat stop requests that were lost.
        guard let bytes = try? RegularFile.read(path, limit: Self.lines * Self.lineLength, links: .refuse) else {
            return []
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            TaskID(rawValue: String(line.drop { $0 == "\0" }))
        }
    }

    /// - Throws: `StoreError.full` if there are more ids than the file has space for.
    func write(_ ids: [TaskID]) throws {
        guard ids.count <= Self.lines else {
            throw StoreError.full("there are more stops than the reserve file has space for")
        }
        let bytes = Array(ids.map { "\($0)\n" }.joined().utf8)
        do throws(FileError) {
            let zeros = [UInt8](repeating: 0, count: Self.lines * Self.lineLength - bytes.count)
            try WritableFile.overwrite(path, .existing, with: bytes + zeros)
        } catch {
            throw StoreError.full("cannot write \(path): \(error.cause)")
        }
    }
}
