import ArgumentParser
import CubeCore
import CubeReconciler
import CubeText
import CubeTypes
import SystemPackage

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Find newer images, and write them into the manifests.",
        subcommands: [List.self, Update.self], defaultSubcommand: List.self)

    struct List: Command {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Ask the registries whether there are newer images.",
            discussion: .flowing(
                """
                Considers the manifests with `image_update`, and asks each registry with the credentials of
                ~/.docker/config.json (DOCKER_CONFIG). Changes nothing.

                Exit codes: 0 all images were checked, 1 some could not be checked.

                Examples:
                  cube image list
                  cube image list web -o json
                """))

        @OptionGroup var names: NamesArgument
        @OptionGroup var place: PlaceOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let checks = try await ImageChecks.make(of: names, in: place)
            try output.write(checks.images, as: Self.table(checks.images))
            try checks.requireComplete()
        }

        static func table(_ images: [ImageCheck]) -> Table {
            Table(
                "NAME", "IMAGE", "NEWEST", "MANIFEST",
                rows: images.map { check in
                    [
                        Table.Cell(check.name.rawValue, .bold), Table.Cell(check.image),
                        check.problem.map { Table.Cell("unknown: \($0)", .red) }
                            ?? check.newest.map { Table.Cell($0, .yellow) } ?? "-",
                        "\(check.file):\(check.line)",
                    ]
                })
        }
    }

    struct Update: Command {
        static let configuration = CommandConfiguration(
            commandName: "update", abstract: "Write newer images into the manifests.",
            discussion: .flowing(
                """
                Replaces the references of `cube image list` in the files. No other byte of a file changes. What runs
                changes only when a reconciler takes up the changed manifests.

                With --commit, it also commits the changed files to the git repository that contains them, with your name
                and e-mail address of git's configuration; git runs no hooks. A file with other uncommitted changes is an
                error.

                Exit codes: 0 all images were checked, 1 some could not be checked.

                Examples:
                  cube image update
                  cube image update web --commit
                """))

        @OptionGroup var names: NamesArgument
        @Flag(help: "Commit the changed files to git.")
        var commit = false
        @OptionGroup var place: PlaceOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let checks = try await ImageChecks.make(of: names, in: place)
            let updates = checks.images.filter { $0.newest != nil }
            let files = Dictionary(grouping: updates, by: \.file).sorted { $0.key < $1.key }
            let paths = files.map { place.manifests.appending($0.key) }
            let repository = GitCommitter(git: GitProgram(environment: Environment.all), directory: place.manifests)
            if commit, !paths.isEmpty { try await repository.requireClean(paths) }
            for (file, checks) in files {
                try ManifestFile.rewrite(place.manifests.appending(file), checks.compactMap(\.edit))
            }
            var lines = updates.map { TextLine("\($0.name): \($0.image) is now \($0.newest!) (\($0.file):\($0.line))") }
            if updates.isEmpty { lines.append("No image is newer.") }
            lines += checks.images.compactMap { check in
                check.problem.map { "\("\(check.name) could not be checked: \($0)", .red)" }
            }
            if commit, !paths.isEmpty {
                let id = try await repository.commit(paths, message: Self.message(updates))
                lines.append("Committed as \(id).")
            }
            try output.write(checks.images, as: lines)
            try checks.requireComplete()
        }

        /// The message of the commit: one line, and the changes below it if there are several.
        static func message(_ updates: [ImageCheck]) -> String {
            let changes = updates.map { "\($0.name) to \($0.newest ?? $0.image)" }
            if changes.count == 1 { return "Update image of \(changes[0])" }
            return "Update \(Count(changes.count, "image"))\n\n" + changes.map { "- \($0)\n" }.joined()
        }
    }
}
