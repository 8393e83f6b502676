public import Configuration
public import CubeErrors
public import CubeTransport
public import CubeTypes

/// The configuration of a client: where the managers are, the token, the owner and the call options.
///
/// ```swift
/// // CUBE_MANAGER=http://10.0.0.5:8081 CUBE_TOKEN_FILE=/run/secrets/cube
/// let client = OrchestratorClient(try .load())
/// ```
///
/// Values set in code take precedence over the environment, and the environment over the file:
///
/// | Key of the file | Variable | Meaning | Default |
/// |---|---|---|---|
/// | `manager` | `CUBE_MANAGER` | the location of the managers: see ``ManagerLocation`` | required |
/// | `token` | `CUBE_TOKEN` | the token that the managers require over TCP; it may name their authority: see `AccessToken` | none |
/// | `token_file` | `CUBE_TOKEN_FILE` | a file whose first line is the token | none |
/// | `tls_ca` | `CUBE_TLS_CA` | a PEM file with the authorities that may certify `https` managers: see `TLSOptions` | those of the machine |
/// | `owner` | `CUBE_OWNER` | the owner of the workloads | `manual` |
/// | `connect_deadline` | `CUBE_CONNECT_DEADLINE` | see `ClientOptions`; such as `500ms`, `5s`, `10m` | `5s` |
/// | `request_deadline` | `CUBE_REQUEST_DEADLINE` | | `20s` |
/// | `total_deadline` | `CUBE_TOTAL_DEADLINE` | | `60s` |
/// | `silence_deadline` | `CUBE_SILENCE_DEADLINE` | | `20s` |
/// | `connection_limit` | `CUBE_CONNECTION_LIMIT` | the maximum number of concurrent connections to one server | `128` |
/// | `retry_attempts` | `CUBE_RETRY_ATTEMPTS` | the maximum number of attempts of a call, 1 to 100 | `3` |
/// | `retry_percentage` | `CUBE_RETRY_PERCENTAGE` | the number of retries for every hundred calls, 0 to 100 | `10` |
/// | `answer_limit` | `CUBE_ANSWER_LIMIT` | the maximum size of a response in bytes | `67108864` |
///
/// An empty variable counts as unset.
///
/// - Since: 0.1
public struct ClientConfiguration: Sendable {
    /// The location of the managers.
    public var managers: ManagerLocation
    /// The token that the managers require over TCP, sent to each of them. A Unix socket needs none.
    public var token: String?
    /// The owner of the workloads, if a call specifies none.
    public var owner: OwnerName
    /// Deadlines, retries, limits and the logger.
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

    /// Reads a configuration from a `swift-configuration` reader. Scoped to `cube`, it has the keys listed in
    /// ``ClientConfiguration``.
    ///
    /// - Parameters:
    ///   - reader: the reader.
    ///   - managers: takes precedence over the reader.
    ///   - token: takes precedence over the reader.
    ///   - owner: takes precedence over the reader.
    ///   - options: the options for which the reader has no value.
    /// - Throws: `validation_failed` with all broken rules.
    public init(
        _ reader: ConfigReader, managers: ManagerLocation? = nil, token: String? = nil, owner: OwnerName? = nil,
        options: ClientOptions = ClientOptions()
    ) throws(APIError) {
        var values = ConfigurationValues(reader)
        let location = values.location(given: managers)
        self.token = values.token(given: token)
        self.owner = values.owner(given: owner)
        var options = options
        options.tls.authorityFile = values.authorityFile() ?? options.tls.authorityFile
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
    ///   - file: the path of a JSON object with the keys listed in ``ClientConfiguration``; `nil` for no file.
    ///   - environment: the environment variables; by default, those of the process.
    ///   - managers: takes precedence over environment and file.
    ///   - token: takes precedence over environment and file.
    ///   - owner: takes precedence over environment and file.
    ///   - options: the options that neither the environment nor the file sets.
    /// - Throws: `validation_failed` with all broken rules.
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
