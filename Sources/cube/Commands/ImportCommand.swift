import ArgumentParser
import CubeImport
import CubeSystem
import CubeText
import CubeWorker
import SystemPackage

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Write manifests for what Docker or Podman runs.",
        discussion: .flowing(
            """
            The import says all that the manifests do not express, and what has to be done by hand. Nothing is started or
            stopped.
            """),
        subcommands: [Compose.self, DockerPS.self])

    struct Compose: Command {
        static let configuration = CommandConfiguration(
            commandName: "compose", abstract: "Write a manifest for each service of Compose files.",
            discussion: .flowing(
                """
                Reads the files as `docker compose` does: with `.env`, interpolation, `include`, `extends`, `env_file` and
                profiles; each file overrides those before it. Without FILE, it reads compose.yaml (or compose.yml,
                docker-compose.yaml, docker-compose.yml) and the compose.override.yaml beside it. Files that the manifests
                mount are copied to .files in the directory of manifests.

                Exit codes: 0 everything is expressed, 1 something is left out, 2 the files are invalid or manifests exist.

                Examples:
                  cube import compose
                  cube import compose compose.yaml compose.prod.yaml --profile monitoring
                  cube import compose --dry-run -o json
                """))

        static let statusOfErrors = ExitStatus.trouble

        @Argument(help: "Compose files.", completion: .file())
        var files: [String] = []
        @Option(help: ArgumentHelp("Profile whose services are imported, or * for all.", valueName: "name"))
        var profile: [String] = []
        @Option(name: [.customShort("p"), .long], help: ArgumentHelp("Name of the project.", valueName: "name"))
        var projectName: String?
        @Option(
            help: ArgumentHelp(
                "Directory that relative paths start from. (default: that of the first file)", valueName: "dir"),
            completion: .directory)
        var projectDirectory: String?
        @Option(
            help: ArgumentHelp("File with variables for interpolation. (default: .env)", valueName: "file"),
            completion: .file())
        var envFile: [String] = []
        @OptionGroup var target: ImportOptions

        func run() async throws {
            let request = ComposeRequest(
                files: try files.isEmpty ? Self.usualFiles() : files.map { FilePath.absolute($0).string },
                projectDirectory: projectDirectory.map { FilePath.absolute($0).string },
                environmentFiles: envFile.isEmpty ? nil : envFile.map { FilePath.absolute($0).string },
                environment: Environment.all, profiles: Set(profile), projectName: projectName,
                workingDirectory: FilePath.absolute(".").string)
            try target.write(Import.compose(request, read: FileContent.read))
        }

        /// The files that Compose reads by itself.
        private static func usualFiles() throws -> [String] {
            if let named = Environment.value("COMPOSE_FILE") {
                return named.split(separator: ":").map { FilePath.absolute(String($0)).string }
            }
            let names = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"]
            guard let name = names.first(where: { FilePath.absolute($0).exists }) else {
                throw Failure(
                    "there is no compose.yaml here", hint: "name the files: `cube import compose FILE`")
            }
            let stem = name.prefix { $0 != "." }
            let overriding = ["\(stem).override.yaml", "\(stem).override.yml"].first { FilePath.absolute($0).exists }
            return [name, overriding].compactMap { $0 }.map { FilePath.absolute($0).string }
        }
    }
    struct DockerPS: Command {
        static let configuration = CommandConfiguration(
            commandName: "docker-ps", abstract: "Write a manifest for each container that runs.",
            discussion: .flowing(
                """
                Asks the engine (DOCKER_HOST, otherwise the usual sockets of Docker and Podman) for the running containers
                other than Cube's own. Settings that come from the image are left out. The containers of a Compose service
                become one manifest. Cube does not take the containers over: the last note says which ones to stop before
                `cube up`.

                Exit codes: 0 everything is expressed, 1 something is left out, 2 an error.

                Examples:
                  cube import docker-ps
                  cube import docker-ps web db --dry-run
                """))

        static let statusOfErrors = ExitStatus.trouble

        @Argument(help: "Names of containers. (default: all)")
        var names: [String] = []
        @OptionGroup var target: ImportOptions

        func run() async throws {
            let inventory = try await EngineInventory.read(socket: RuntimeOptions.socket)
            try target.write(
                Import.containers(
                    inventory.containers, images: inventory.images, names: Set(names),
                    home: Environment.value("HOME"), workingDirectory: FilePath.absolute(".").string,
                    read: FileContent.read))
        }
    }
}
