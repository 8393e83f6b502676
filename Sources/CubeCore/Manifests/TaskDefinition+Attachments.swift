import CubeJSON
import CubeTypes

/// What was found where a manifest names a file beside it.
package enum AttachedContent: Hashable, Sendable {
    case content([UInt8])
    /// Not read, as it has more bytes than the files of a workload may have together.
    case tooLarge(size: Int)
    /// With the reason, for a person.
    case unreadable(String)
}

extension TaskDefinition {
    /// How much the files of one workload may hold together: 1 MiB.
    package static let maximumContent = 1 << 20

    /// Takes up the content of the files that are named, and reports what cannot be had.
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
                .tooLarge, "\(path): with \(Quoted(name)) the files have \(size) bytes, more than 1 MiB", at: place)
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
