import CubeJSON

/// The settings in a file named `cube.json`. They apply to the directory of the file and everything below it. The file is not a
/// manifest.
package struct ManifestGroup: Hashable, Sendable {
    /// Whether the workloads of the directory stay unchanged while any file in it is invalid.
    package var atomic: Bool

    package init(atomic: Bool = false) { self.atomic = atomic }

    /// The name of the file with the settings.
    package static let fileName: BytePath = "cube.json"

    package static func isFile(_ path: BytePath) -> Bool { path.splittingLastEntry.name == fileName }

    static let fields = FieldTable<ManifestGroup>(
        [
            Field(
                "atomic", \.atomic, .boolean,
                "Whether Cube changes no workload of the directory while any file in it is invalid.")
        ], standard: ManifestGroup())
}
