import CubeImport
import SystemPackage

/// The result of an import as JSON.
struct ImportReport: Encodable {
    struct File: Encodable {
        var path: String
        /// The manifest; omitted for a file that a manifest names.
        var manifest: ManifestValue?
    }

    var files: [File]
    /// Whether the files were written.
    var written: Bool
    var notes: [ImportNote]
    var workerOptions: [String]

    private enum CodingKeys: String, CodingKey {
        case files, written, notes
        case workerOptions = "worker_options"
    }

    init(_ result: Import, in directory: FilePath, isWritten: Bool) {
        files =
            result.manifests.map { File(path: directory.appending($0.fileName).string, manifest: $0.value) }
            + result.files.map { File(path: directory.appending($0.path).string) }
        written = isWritten && !result.isInvalid
        notes = result.notes
        workerOptions = result.workerOptions
    }
}
