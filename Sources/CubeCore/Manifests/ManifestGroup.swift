import CubeJSON

/// What a file called `cube.json` says of the directory that it stands in, with all below it. It is no manifest.
package struct ManifestGroup: Hashable, Sendable {
    /// Whether none of it changes while any file in it cannot be read.
    package var atomic: Bool

    package init(atomic: Bool = false) { self.atomic = atomic }

    /// The name of such a file.
    package static let fileName: BytePath = "cube.json"

    package static func isFile(_ path: BytePath) -> Bool { path.splittingLastEntry.name == fileName }

    static let fields = FieldTable<ManifestGroup>(
        [
            Field(
                "atomic", \.atomic, .boolean,
                "Whether Cube changes nothing of the directory while any file in it is invalid.")
        ], standard: ManifestGroup())
}
