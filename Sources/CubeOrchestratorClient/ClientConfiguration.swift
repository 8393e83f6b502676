public import Configuration
public import CubeErrors
public import CubeTransport
public import CubeTypes

/// Everything that a program needs to reach a system: where its managers are, the token, whose workloads, and how to call.
///
/// ```swift
/// // CUBE_MANAGER=http://10.0.0.5:8081 CUBE_TOKEN_FILE=/run/secrets/cube
/// let client = OrchestratorClient(try .load())
/// ```
///
/// What is set in code goes before the environment, and that before the file:
///
/// | Key of the file | Variable | Means | Default |
/// |---|---|---|---|
/// | `manager` | `CUBE_MANAGER` | where the managers are: see ``ManagerLocation`` | must be given |
/// | `token` | `CUBE_TOKEN` | what the managers ask for on TCP | none |
/// | `token_file` | `CUBE_TOKEN_FILE` | a file whose first line is the token | none |
/// | `owner` | `CUBE_OWNER` | whose workloads | `manual` |
/// | `connect_deadline` | `CUBE_CONNECT_DEADLINE` | see `ClientOptions`; such as `500ms`, `5s`, `10m` | `5s` |
/// | `request_deadline` | `CUBE_REQUEST_DEADLINE` | | `20s` |
/// | `total_deadline` | `CUBE_TOTAL_DEADLINE` | | `60s` |
/// | `silence_deadline` | `CUBE_SILENCE_DEADLINE` | | `20s` |
/// | `connection_limit` | `CUBE_CONNECTION_LIMIT` | connections to one server at a time | `128` |
/// | `retry_attempts` | `CUBE_RETRY_ATTEMPTS` | how often a call is made at most, 1 to 100 | `3` |
/// | `retry_percentage` | `CUBE_RETRY_PERCENTAGE` | retries for each hundred calls, 0 to 100 | `10` |
/// | `answer_limit` | `CUBE_ANSWER_LIMIT` | in bytes | `67108864` |
///
/// A variable that is empty counts as not set.
///
/// - Since: 0.1
public struct ClientConfiguration: Sendable {
    /// Where the managers are.
    public var managers: ManagerLocation
    /// What they ask for on TCP; it goes to all of them. A Unix socket needs none.
    public var token: String?
    /// Whose workloads, where a call does not say it.
    public var owner: OwnerName
    /// Deadlines, retries, limits, logger.
    public var options: ClientOptions

    public init(
        managers: ManagerLocation, token: String? = nil, owner: OwnerName = .manual,
        options: ClientOptions = ClientOptions()
    ) {
        self.managers = managers
        self.token = token
        self.owner = owner
        self.options = options
    }

    /// Reads a configuration with whatever `swift-configuration` reads from; scoped to `cube`, the keys are those of the table.
    ///
    /// - Parameters:
    ///   - reader: what is read.
    ///   - managers: goes before what is read.
    ///   - token: goes before what is read.
    ///   - owner: goes before what is read.
    ///   - options: where nothing else is read.
    /// - Throws: `validation_failed` with everything that breaks a rule.
    public init(
        _ reader: ConfigReader, managers: ManagerLocation? = nil, token: String? = nil, owner: OwnerName? = nil,
        options: ClientOptions = ClientOptions()
    ) throws(APIError) {
        var values = ConfigurationValues(reader)
        let location = values.location(given: managers)
        self.token = values.token(given: token)
        self.owner = values.owner(given: owner)
        var options = options
        values.read("connectDeadline", into: &options.connectDeadline)
        values.read("requestDeadline", into: &options.requestDeadline)
        values.read("totalDeadline", into: &options.totalDeadline)
        values.read("silenceDeadline", into: &options.silenceDeadline)
        values.read("connectionLimit", into: &options.connectionLimit, in: 1...Int.max)
        values.read("retryAttempts", into: &options.retries.attempts, in: 1...100)
        values.read("retryPercentage", into: &options.retries.percentage, in: 0...100)
        values.read("answerLimit", into: &options.answerLimit, in: 1...Int.max)
        self.options = options
        let problems = values.problems + options.problems
        guard let location, problems.isEmpty else { throw .invalid(problems) }
        self.managers = location
    }

    /// Reads a configuration from the environment and a file.
    ///
    /// - Parameters:
    ///   - file: a JSON object with the keys of the table; `nil` for none.
    ///   - environment: default: that of the process.
    ///   - managers: goes before what is read.
    ///   - token: goes before what is read.
    ///   - owner: goes before what is read.
    ///   - options: where nothing else is read.
    /// - Throws: `validation_failed` with everything that breaks a rule.
    public static func load(
        file: String? = nil, environment: [String: String]? = nil, managers: ManagerLocation? = nil,
        token: String? = nil, owner: OwnerName? = nil, options: ClientOptions = ClientOptions()
    ) throws(APIError) -> ClientConfiguration {
        var providers: [any ConfigProvider] = [
            environment.map { EnvironmentVariablesProvider(environmentVariables: $0) }
                ?? EnvironmentVariablesProvider()
        ]
        if let file { providers.append(try ConfigurationFile.provider(file)) }
        return try ClientConfiguration(
            ConfigReader(providers: providers).scoped(to: "cube"), managers: managers, token: token, owner: owner,
            options: options)
    }
}
