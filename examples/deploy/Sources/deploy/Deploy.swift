import ArgumentParser
import CubeOrchestratorClient

@main
struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replace a service with a new version, or keep the old version if the new one fails.",
        discussion: "Set CUBE_MANAGER to the location of the managers, and CUBE_TOKEN_FILE to the file with the token.")

    @Argument(help: "The name of the service.")
    var name: String
    @Option(help: "The number of tasks.")
    var replicas = 1
    @Option(name: .customLong("env"), help: ArgumentHelp("An environment variable.", valueName: "name=value"))
    var variables: [String] = []
    @Option(help: "A shell command that succeeds when a task is ready. (default: a task is ready when it runs)")
    var check: String?
    @Option(help: "The time in seconds within which a task must be ready.")
    var timeout = 60
    @Flag(help: "Restore the previous version.")
    var rollback = false
    @Argument(parsing: .postTerminator, help: "The program and its arguments.")
    var command: [String] = []

    func validate() throws {
        guard command.isEmpty == rollback else { throw wrong("give either a command after --, or --rollback") }
        guard WorkloadName(rawValue: name) != nil else { throw wrong("\(name): \(WorkloadName.rule)") }
    }

    func run() async throws {
        let deployment = Deployment(cube: OrchestratorClient(try .load()), limit: .seconds(timeout))
        do {
            let definition = try await rollback ? deployment.former(of: workload) : definition
            try await deployment.replace(with: definition, replicas: replicas)
        } catch let error as APIError {
            print("\(name) stays as it is: \(error.message)")
            if let log = error.details?["log"], !log.isEmpty { print("last lines of the task's output:\n\(log)") }
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
