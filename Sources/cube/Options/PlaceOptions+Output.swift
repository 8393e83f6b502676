import CubeCore
import CubeReconciler
import CubeSystem
import SystemPackage

extension PlaceOptions {
    /// - Parameters:
    ///   - file: The absolute path of a file that a command is about to write.
    ///   - option: The option that names the file; `nil` for an argument.
    /// - Throws: A `Failure` if the file would be read as a manifest. It would be an invalid one.
    func requireNoManifest(_ file: FilePath, _ option: String? = nil) throws {
        guard reads(file) else { return }
        throw Failure(
            "\(option.map { "\($0): " } ?? "")\(file) is in the manifests directory \(manifests), where it would be read as a "
                + "manifest",
            hint: "name a file outside of that directory, or one that does not end with .json")
    }

    /// - Throws: A `Failure` if the files of the data directory would be read as manifests.
    func requireDataApart() throws {
        guard reads(data.status.appending("summary.json")) else { return }
        throw Failure(
            "the data directory \(data.path) is in the manifests directory \(manifests), where its files would be read as "
                + "manifests",
            hint: (data.path.exists ? "stop the tasks with \(data.command("down")), and then " : "")
                + "select another directory with --data-dir, or one whose name begins with a dot")
    }

    /// Whether a source that reads the manifests directory reads a file, whichever way leads to it.
    private func reads(_ file: FilePath) -> Bool {
        [(file, manifests), (file.resolvingWay, manifests.resolvingLinks)].contains { file, directory in
            var name = file
            return name.removePrefix(directory) && !name.isEmpty && EntryRule.admits(BytePath(name))
        }
    }
}

extension FilePath {
    /// The path with the links on the way to its last component resolved, as far as the directories on the way exist.
    fileprivate var resolvingWay: FilePath {
        guard let name = lastComponent else { return self }
        let directory = removingLastComponent()
        return (directory.exists ? directory.resolvingLinks : directory.resolvingWay).appending(name)
    }
}
