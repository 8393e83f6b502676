import FoundationEssentials
import Glibc

/// What the linker recorded in this program when `.ci/package` called it: JSON in an ELF note, in the form of the package
/// metadata that systemd defines, so that crash reports show it too. A program that was built otherwise has no such note.
///
/// The note belongs to the running program. A file beside it would be about the next version as soon as the package is upgraded.
struct PackageNote: Codable, Hashable {
    /// The commit that the program was built from, in hexadecimal digits.
    var commit: String
    /// The time of the commit (RFC 3339).
    var date: String

    static let ofThisProgram: PackageNote? = ProgramNotes.segments.lazy.compactMap { PackageNote(segment: $0) }.first

    /// Finds the note in the bytes of a segment of notes. Each note consists of three numbers (the length of its name, the
    /// length of its content, its type), its name and its content, both padded to 4 bytes.
    init?(segment: [UInt8]) {
        var rest = segment[...]
        while let name = Self.number(&rest), let content = Self.number(&rest), let type = Self.number(&rest) {
            let fields = [name, content].compactMap { Self.field(of: $0, &rest) }
            guard fields.count == 2 else { return nil }
            if type == Self.type, fields[0].elementsEqual(Self.owner) {
                let json = Data(fields[1].prefix { $0 != 0 })
                // A note without commit and date is from another packager, and says nothing that is shown here.
                guard let note = try? JSONDecoder().decode(PackageNote.self, from: json) else { return nil }
                self = note
                return
            }
        }
        return nil
    }

    /// The type of a note with package metadata.
    private static let type = 0xcafe_1a7e
    private static let owner = Array("FDO\0".utf8)

    /// Removes a number of 4 bytes in the byte order of this machine; `nil` if the bytes end before.
    private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        defer { bytes = bytes.dropFirst(4) }
        return Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) })
    }

    /// Removes a field and its padding; `nil` if the bytes end before.
    private static func field(of length: Int, _ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.count >= length else { return nil }
        defer { bytes = bytes.dropFirst((length + 3) & ~3) }
        return bytes.prefix(length)
    }
}

/// The file of the running program. `/proc/self/exe` is the file that was started, even if another version has replaced it.
private enum ProgramNotes {
    /// The segments of the file that contain notes; none if it cannot be read, which leaves the commit unknown.
    static var segments: [[UInt8]] {
        let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var header = Elf64_Ehdr()
        guard withUnsafeMutableBytes(of: &header, { read($0, file, at: 0) }) else { return [] }
        return (0..<UInt64(header.e_phnum)).compactMap { index in
            var segment = Elf64_Phdr()
            let position = header.e_phoff + index * UInt64(header.e_phentsize)
            guard withUnsafeMutableBytes(of: &segment, { read($0, file, at: position) }), segment.p_type == PT_NOTE
            else { return nil }
            var bytes = [UInt8](repeating: 0, count: Int(segment.p_filesz))
            return bytes.withUnsafeMutableBytes { read($0, file, at: segment.p_offset) } ? bytes : nil
        }
    }

    /// Fills a buffer from a position of a file; `false` if the file has fewer bytes.
    private static func read(_ buffer: UnsafeMutableRawBufferPointer, _ file: Int32, at position: UInt64) -> Bool {
        pread(file, buffer.baseAddress, buffer.count, off_t(position)) == buffer.count
    }
}
