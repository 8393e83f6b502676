import ArgumentParser
import CubeReconciler
import SystemPackage

/// Where the manifests and the data are.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: .customLong("manifests"),
        help: ArgumentHelp("The directory of manifests. (CUBE_MANIFESTS; default: manifests)", valueName: "dir"),
        completion: .directory)
    var manifestsOption: String?

    @Option(
        help: ArgumentHelp(
            "Where links below that directory may lead: inside of it, or anywhere, as those of stow and Nix do. (CUBE_LINKS; default: inside)",
            valueName: "inside|anywhere"))
    var links: LinkPolicy?

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

    /// The files of this machine, as manifests may reach them.
    ///
    /// - Throws: where CUBE_LINKS is neither of the two.
    var files: LocalFileSystem {
        get throws {
            let named = try Environment.value("CUBE_LINKS").map { text in
                guard let links = LinkPolicy(rawValue: text) else {
                    throw ValidationError("CUBE_LINKS: \"\(text)\" is neither inside nor anywhere")
                }
                return links
            }
            return LocalFileSystem(links: links ?? named ?? .inside)
        }
    }

    var data: DataDirectory {
        let named = (dataOption ?? Environment.value("CUBE_DATA_DIR")).map(FilePath.absolute)
        return DataDirectory(path: named ?? manifests.removingLastComponent().appending(".cube"))
    }
}

extension LinkPolicy: ExpressibleByArgument {}
