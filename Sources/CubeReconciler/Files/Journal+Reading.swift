import CubeJSON
package import CubeSystem
package import CubeTypes
import FoundationEssentials
package import SystemPackage

extension Journal {
    /// Returns the journal entries of a workload, oldest first. Skips lines that are truncated or in the format of a
    /// newer version.
    package static func entries(
        of name: WorkloadName, in directory: FilePath, files: any FileSystem
    ) throws(FileError) -> [JournalEntry] {
        let path = directory.appending(fileName)
        let mark = Data(#""name":"\#(name)""#.utf8)
        var entries: [JournalEntry] = []
        for number in (0...olderFiles).reversed() {
            let file = number == 0 ? path : FilePath("\(path).\(number)")
            guard let bytes = try files.read(file, limit: 2 * maximumBytes) else { continue }
            for line in Data(bytes).split(separator: UInt8(ascii: "\n")) where line.firstRange(of: mark) != nil {
                // A truncated line, or one of a newer version, is skipped.
                guard let entry = try? JSONBytesDecoder.value(JournalEntry.self, from: Array(line)), entry.name == name
                else {
                    continue
                }
                entries.append(entry)
            }
        }
        return entries
    }
}
