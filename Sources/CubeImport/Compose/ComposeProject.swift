/// What is to be imported from Compose files.
package struct ComposeRequest: Sendable {
    /// The absolute paths of the files, of which each overrides those before it.
    package var files: [String]
    /// The absolute path of the directory that relative paths start from; by default that of the first file.
    package var projectDirectory: String?
    /// The absolute paths of files with variables for interpolation; by default `.env` in the project's directory, if it exists.
    package var environmentFiles: [String]?
    /// The variables of the shell, which take precedence over those of files.
    package var environment: [String: String]
    /// The active profiles, in addition to those of `COMPOSE_PROFILES`; `*` activates all.
    package var profiles: Set<String>
    /// The name of the project; by default `COMPOSE_PROJECT_NAME`, the `name` of a file, or the name of the directory.
    package var projectName: String?
    /// The absolute path of the directory that messages name files from.
    package var workingDirectory: String

    package init(
        files: [String], projectDirectory: String? = nil, environmentFiles: [String]? = nil,
        environment: [String: String] = [:], profiles: Set<String> = [], projectName: String? = nil,
        workingDirectory: String
    ) {
        self.files = files
        self.projectDirectory = projectDirectory
        self.environmentFiles = environmentFiles
        self.environment = environment
        self.profiles = profiles
        self.projectName = projectName
        self.workingDirectory = workingDirectory
    }
}

/// A Compose project after interpolation, inclusion, extension and merging.
struct ComposeProject {
    var name: String
    /// The services in the order of the files.
    var services: [ComposeValue.Member]
    var networks: [String: ComposeValue] = [:]
    var volumes: [String: ComposeValue] = [:]
    var configs: [String: ComposeValue] = [:]
    var secrets: [String: ComposeValue] = [:]
    /// The variables for interpolation, and for environment variables without a value.
    var variables: [String: String] = [:]
    /// The active profiles.
    var profiles: Set<String> = []
    /// The names of services that a service reaches by other names so far, by the service and by those names.
    var changedNames: [String: [String: String]] = [:]

    /// Whether the profiles of a service allow it to run. A service without profiles always does.
    func isActive(_ service: ComposeValue) -> Bool {
        let names = service["profiles"]?.asList.elements?.compactMap(\.text) ?? []
        return names.isEmpty || profiles.contains("*") || !profiles.isDisjoint(with: names)
    }
}
