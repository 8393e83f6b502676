import CubeJSON
import CubeTypes

/// The result of reading a file that a manifest names.
package enum AttachedContent: Hashable, Sendable {
    case content([UInt8])
    /// The file was not read, because it alone exceeds the limit for all files of a workload.
    case tooLarge(size: Int)
    /// The file could not be read; with the reason, for people.
    case unreadable(String)
}

extension TaskDefinition {
    /// The maximum total size of the files of one workload in bytes: 1 MiB.
    package static let maximumContent = 1 << 20

    /// Whether the field with a path, such as `files[0].source`, is one that names files, or a part of one.
    static func namesFiles(_ path: String) -> Bool {
        ["env_from", "files"].contains(String(path.prefix { $0 != "[" && $0 != "." }))
    }

    /// Stores the content of the files that the manifest names, and reports the files that cannot be read.
    mutating func attach(
        _ object: JSONValue, _ reader: inout FieldReader, reading read: (_ path: String) -> AttachedContent
    ) {
        let variables = object["env_from"].map { Array($0.elements) } ?? []
        let written = object["files"].map { Array($0.elements) } ?? []
        var size = 0
        for (index, place) in variables.enumerated() where envFrom.indices.contains(index) {
            let path = "env_from[\(index)]"
            envFrom[index].attach(at: place, path, &size, &reader, reading: read)
            guard let content = envFrom[index].content else { continue }
            if case .failure(let problem) = EnvironmentFile.read(content) {
                reader.report(.invalidValue, "\(path): \(problem.text(in: envFrom[index].name.harmless))", at: place)
            }
        }
        for (index, file) in written.enumerated() where files.indices.contains(index) {
            guard let place = file["source"] else { continue }
            files[index].source.attach(at: place, "files[\(index)].source", &size, &reader, reading: read)
        }
    }
}

extension ContentSource {
    fileprivate mutating func attach(
        at place: JSONValue, _ path: String, _ size: inout Int, _ reader: inout FieldReader,
        reading read: (String) -> AttachedContent
    ) {
        guard secret == nil else { return }
        func reportSize() {
            reader.report(
                .tooLarge, "\(path): with \(Quoted(name)), the files have \(size) bytes in total, more than 1 MiB",
                at: place)
        }
        switch read(name) {
        case .unreadable(let why): reader.report(.unreadable, "\(path): \(Quoted(name)) \(why)", at: place)
        case .tooLarge(let length):
            size += length
            reportSize()
        case .content(let bytes):
            size += bytes.count
            guard size <= TaskDefinition.maximumContent else { return reportSize() }
            content = bytes
            digest = .sha256(of: bytes)
        }
    }
}
