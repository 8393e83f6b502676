import Glibc

/// The format of all files of a run: the name and version of the format, then `key=value` entries, each terminated by a
/// NUL.
///
/// The bytes stay in one buffer, so that every value is a C string, as `exec` requires. Unknown keys of a newer version
/// are ignored. The final entry `end` proves that the file is complete.
struct Fields {
    private let bytes: UnsafeMutableBufferPointer<CChar>
    private(set) var entries: [(key: Substring, value: UnsafeMutablePointer<CChar>)] = []

    /// Reads a file.
    ///
    /// - Returns: `nil` if the file is missing, incomplete or of another format.
    init?(of descriptor: Int32, format: String) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0 else { return nil }
        bytes = .allocate(capacity: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = pread(descriptor, bytes.baseAddress! + filled, bytes.count - filled, filled)
            guard count > 0 else { return nil }
            filled += count
        }
        guard bytes.last == 0 else { return nil }

        var whole = false
        var position = 0
        while position < bytes.count {
            let start = bytes.baseAddress! + position
            let length = strlen(start)
            position += length + 1
            let text = String(cString: start)
            if text == "end" {
                whole = true
            } else if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                let key = text[..<equals]
                entries.append((key, start + key.utf8.count + 1))
            } else if text != format {
                return nil
            }
        }
        guard whole else { return nil }
    }

    func values(_ key: String) -> [UnsafeMutablePointer<CChar>] { entries.filter { $0.key == key }.map(\.value) }

    func text(_ key: String) -> String? { values(key).last.map { String(cString: $0) } }

    func number(_ key: String) -> Int? { text(key).flatMap { Int($0) } }
}
