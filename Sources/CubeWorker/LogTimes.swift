import Glibc
import SystemPackage

/// When the output in one file of a ``TaskLog`` was written: `1.times` beside `1.log`.
///
/// The supervisor writes a header and then records of 16 bytes: an offset in the file of output and the wall-clock time, in
/// milliseconds since 1970, at which what begins there was read from the program; both numbers in the machine's byte order.
/// A record stands before its output. A file without times is that of a supervisor of an earlier version.
struct LogTimes {
    struct Record: Hashable {
        var offset: Int64
        var milliseconds: Int64
    }

    /// The first bytes of the file: its format.
    static let header = Array("cube-times/1\n\0\0\0".utf8)
    private static let size = 16
    /// How many bytes are read at once.
    private static let chunk = 1 << 16

    /// That of the file of output.
    let number: Int
    private let path: String
    private(set) var records: [Record] = []
    /// How many bytes of the file are read, the header included.
    private var position = 0

    init(directory: String, number: Int) {
        self.number = number
        path = "\(directory)/\(number).times"
    }

    /// The time of what begins at an offset; `nil` where that is not known.
    func time(at offset: Int64) -> Int64? {
        // The last record at or before the offset.
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].offset <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : records[low - 1].milliseconds
    }

    /// Reads the records that came since. What cannot be read is not known: the output itself matters more.
    mutating func refresh() {
        // Where there is none, its supervisor is of an earlier version.
        let opened = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])  // Not known.
        guard let file = opened else { return }
        defer { try? file.close() }  // Nothing was written to it.
        while true {
            let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, count in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                let read = try? file.read(fromAbsoluteOffset: Int64(position), into: bytes)  // Not known.
                count = read ?? 0
            }
            let whole = bytes.count - bytes.count % Self.size
            guard whole > 0 else { return }
            if position == 0, Array(bytes.prefix(Self.size)) != Self.header { return }  // Of a later version.
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

/// Puts the time before each line of a task's output.
struct LogStamper {
    private let directory: String
    private var times: LogTimes?
    private var isAtLineStart = true

    init(_ log: TaskLog) { directory = log.directory }

    /// - Parameter place: where the bytes begin.
    mutating func stamped(_ bytes: [UInt8], from place: (number: Int, offset: Int64), text: (Int64) -> String)
        -> [UInt8]
    {
        if times?.number != place.number { times = LogTimes(directory: directory, number: place.number) }
        // In place: a busy task has a million records.
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
