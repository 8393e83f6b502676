import ArgumentParser
import CubeOrchestratorClient

@main
struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a new version of a service in the place of the old one, or leave the old one alone.",
        discussion: "The managers are found as CUBE_MANAGER says, the token as CUBE_TOKEN_FILE does.")

    @Argument(help: "What the service is called.")
    var name: String
    @Option(help: "How many tasks.")
    var replicas = 1
    @Option(name: .customLong("env"), help: ArgumentHelp("A variable for the tasks.", valueName: "name=value"))
    var variables: [String] = []
    @Option(help: "A shell command that succeeds once a task is ready. (default: it is when it runs)")
    var check: String?
    @Option(help: "How many seconds a task may take until it is ready.")
    var timeout = 60
    @Flag(help: "Bring back what ran before.")
    var rollback = false
    @Argument(parsing: .postTerminator, help: "The program and its arguments.")
    var command: [String] = []

    func validate() throws {
        guard command.isEmpty == rollback else { throw wrong("give a command after --, or --rollback") }
        guard WorkloadName(rawValue: name) != nil else { throw wrong("\(name): \(WorkloadName.rule)") }
    }

    func run() async throws {
        let deployment = Deployment(cube: OrchestratorClient(try .load()), limit: .seconds(timeout))
        do {
            let definition = try await rollback ? deployment.former(of: workload) : definition
            try await deployment.replace(with: definition, replicas: replicas)
        } catch let error as APIError {
            print("\(name) stays as it is: \(error.message)")
            if let log = error.details?["log"], !log.isEmpty { print("It wrote last:\n\(log)") }
            throw ExitCode.failure
        }
    }

    private func wrong(_ message: String) -> ArgumentParser.ValidationError { .init(message) }

    private var workload: WorkloadName { WorkloadName(rawValue: name)! }

    private var definition: TaskDefinition {
        var definition = TaskDefinition(name: workload, command: command)
        for variable in variables {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            definition.env[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
        }
        if let check {
            definition.health.ready = HealthCheck(
                command: ["sh", "-c", check], interval: .seconds(1), timeout: .seconds(5))
        }
        return definition
    }
}
