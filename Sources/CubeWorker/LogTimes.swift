import Glibc
import SystemPackage

/// The times at which the output in one file of a ``TaskLog`` was written. The times of `1.log` are in `1.times`.
///
/// The supervisor writes a header, followed by records of 16 bytes. A record holds an offset in the output file and the
/// wall-clock time, in milliseconds since 1970, at which the supervisor read the output at that offset from the
/// program. Both numbers are in the machine's byte order. The supervisor writes a record before the output that it
/// describes. A log file without a times file was written by an earlier version of the supervisor.
struct LogTimes {
    struct Record: Hashable {
        var offset: Int64
        var milliseconds: Int64
    }

    /// The first bytes of the file, which identify its format.
    static let header = Array("cube-times/1\n\0\0\0".utf8)
    static let size = 16
    /// The number of bytes per read.
    private static let chunk = 1 << 16

    /// The number of the output file.
    let number: Int
    private let path: String
    private(set) var records: [Record] = []
    /// The number of bytes of the file that have been read, including the header.
    private var position = 0

    init(directory: String, number: Int) {
        self.number = number
        path = "\(directory)/\(number).times"
    }

    /// Returns the time at which the output at an offset was written; `nil` if the time is unknown.
    func time(at offset: Int64) -> Int64? {
        // Binary search for the last record at or before the offset.
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].offset <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : records[low - 1].milliseconds
    }

    /// Reads the records that were added since the last call. Errors leave the times unknown: the output matters more.
    mutating func refresh() {
        // An earlier version of the supervisor wrote no such file.
        let opened = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])  // Time unknown.
        guard let file = opened else { return }
        defer { try? file.close() }  // Read only: no data can be lost.
        while true {
            let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, count in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                let read = try? file.read(fromAbsoluteOffset: Int64(position), into: bytes)  // Time unknown.
                count = read ?? 0
            }
            let whole = bytes.count - bytes.count % Self.size
            guard whole > 0 else { return }
            if position == 0, Array(bytes.prefix(Self.size)) != Self.header { return }  // A later format.
            bytes.withUnsafeBytes { raw in
                for start in stride(from: position == 0 ? Self.size : 0, to: whole, by: Self.size) {
                    records.append(
                        Record(
                            offset: raw.loadUnaligned(fromByteOffset: start, as: Int64.self),
                            milliseconds: raw.loadUnaligned(fromByteOffset: start + 8, as: Int64.self)))
                }
            }
            position += whole
        }
    }
}

/// Puts the time in front of each line of a task's output.
struct LogStamper {
    private let directory: String
    private var times: LogTimes?
    private var isAtLineStart = true

    init(_ log: TaskLog) { directory = log.directory }

    /// - Parameter place: the position of the first byte in the log.
    mutating func stamped(_ bytes: [UInt8], from place: (number: Int, offset: Int64), text: (Int64) -> String)
        -> [UInt8]
    {
        if times?.number != place.number { times = LogTimes(directory: directory, number: place.number) }
        // Mutated in place: a busy task has a million records, which must not be copied.
        times?.refresh()
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 2)
        for (index, byte) in bytes.enumerated() {
            if isAtLineStart {
                output += (times?.time(at: place.offset + Int64(index)).map(text) ?? "-").utf8
                output.append(UInt8(ascii: " "))
            }
            output.append(byte)
            isAtLineStart = byte == UInt8(ascii: "\n")
        }
        return output
    }
}
