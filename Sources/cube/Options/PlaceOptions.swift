import ArgumentParser
import SystemPackage

/// Where the manifests and the data are.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: .customLong("manifests"),
        help: ArgumentHelp("The directory of manifests. (CUBE_MANIFESTS; default: manifests)", valueName: "dir"),
        completion: .directory)
    var manifestsOption: String?

    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "The directory for all that Cube writes. (CUBE_DATA_DIR; default: .cube beside the manifests)",
            valueName: "dir"), completion: .directory)
    var dataOption: String?

    /// The directory of manifests, absolute.
    var manifests: FilePath {
        .absolute(manifestsOption ?? Environment.value("CUBE_MANIFESTS") ?? "manifests")
    }

    var data: DataDirectory {
        let named = (dataOption ?? Environment.value("CUBE_DATA_DIR")).map(FilePath.absolute)
        return DataDirectory(path: named ?? manifests.removingLastComponent().appending(".cube"))
    }
}
