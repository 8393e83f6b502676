import CubeTypes

/// What is done with the endpoints of workloads: they are rendered, written to a file or to standard output, and a command is run.
struct EndpointBinding {
    /// The workloads; empty for all of them.
    var names: [WorkloadName]
    /// Turns the endpoints, as JSON, into the content.
    var render: ShellCommand?
    var file: BoundFile?
    /// Run after each change of the content, with the content as its input.
    var command: ShellCommand?

    /// The endpoints that were taken up last.
    private var done: [ServiceEndpoint]?
    /// The content that was taken up last.
    private var content: [UInt8]?
    /// The cluster that the endpoints belong to.
    private var cluster: ClusterID?
    private var silent: Set<WorkloadName> = []

    init(names: [WorkloadName], render: ShellCommand?, file: BoundFile?, command: ShellCommand?) {
        (self.names, self.render, self.file, self.command) = (names, render, file, command)
    }

    /// The endpoints as a command reads them.
    struct Input: Encodable {
        var endpoints: [ServiceEndpoint]
    }

    /// What remains as it is if something fails.
    var subject: String { file.map { "\($0.path)" } ?? "the last content" }

    /// Takes up a list of endpoints. If this fails, the same list can be given again.
    ///
    /// - Parameter note: Receives what a person should know.
    /// - Returns: Whether to continue: `false` if the content cannot be written to standard output.
    @discardableResult
    mutating func take(_ list: EndpointList, note: (String) -> Void) async throws -> Bool {
        if let cluster, let other = list.cluster, cluster != other {
            throw Failure(
                "the manager belongs to cluster \(other) now, not to \(cluster); \(subject) stays as it is",
                hint: "to follow the other cluster, start this command again")
        }
        cluster = list.cluster
        let endpoints = list.usable.filter { names.isEmpty || names.contains($0.name) }
        noteSilent(in: list, endpoints, note)
        guard done != endpoints else { return true }
        let input = Array(try JSONText.pretty(Input(endpoints: endpoints)).utf8) + [UInt8(ascii: "\n")]
        let content = try await render?.run(input: input) ?? input
        var isCommandDue = self.content != content
        if let file {
            if try file.update(to: content, hasCommand: command != nil) {
                note("wrote \(file.path): \(Count(endpoints.count, "endpoint"))")
            }
            isCommandDue = try command != nil && file.isCommandDue
        } else if command == nil, isCommandDue {
            guard Terminal.write(content, to: 1) else { return false }
        }
        if let command, isCommandDue {
            try await command.run(input: content)
            note("ran `\(command.text)`")
            try file?.commandSucceeded()
        }
        (done, self.content) = (endpoints, content)
        return true
    }

    /// Says which workloads have only endpoints on nodes that do not answer.
    private mutating func noteSilent(
        in list: EndpointList, _ endpoints: [ServiceEndpoint], _ note: (String) -> Void
    ) {
        let unknown = Set(endpoints.map(\.name)).subtracting(list.endpoints.map(\.name))
        for name in unknown.subtracting(silent).sorted() {
            note("no node of \(name) answers the manager; its last endpoints stay in use")
        }
        silent = unknown
    }
}
