import CubeCore
import CubeErrors
public import CubeTypes
import CubeWorker

/// A running program of a ``TestCluster``, which does what a test says.
///
/// The program runs until the test or the worker ends it; the worker ends it with the signal of its stop policy. Its health checks
/// pass until the test says otherwise. The effects of a method have happened when ``TestCluster/settle()`` returns, or any later call
/// that lets time pass.
///
/// - Since: 0.1
public struct TestTask: Sendable {
    let run: RunIdentity
    let assignment: TaskAssignment
    let runtime: SimulatedRuntime

    /// The node that the program runs on.
    public let node: NodeName

    init(run: RunIdentity, assignment: TaskAssignment, node: NodeName, runtime: SimulatedRuntime) {
        self.run = run
        self.assignment = assignment
        self.node = node
        self.runtime = runtime
    }

    /// The id of the task.
    public var id: TaskID { run.task }
    /// The owner of the task.
    public var owner: OwnerName { assignment.owner }
    /// The name of the workload.
    public var name: WorkloadName { assignment.definition.name }
    /// The number of the replica, from 0.
    public var ordinal: Int { assignment.ordinal }
    /// The number of the run, from 1. Each restart by the worker is a new run.
    public var number: Int { run.number }
    /// The definition of the task.
    public var definition: TaskDefinition { assignment.definition }
    /// The allocated port numbers, by the names of the ports.
    public var ports: [String: Int] { assignment.ports }

    /// The environment variables of the program, without those of `env_from`.
    public var environment: [String: String] { expanded.variables }

    /// The program and its arguments, with references to variables replaced.
    public var command: [String] { definition.command.map(expanded.expand) }

    private var expanded: TaskEnvironment { TaskEnvironment(assignment, home: "/") }

    /// Ends the program with an exit code.
    public func exit(_ code: Int) { runtime.end(run, code: code, signal: nil) }

    /// Ends the program with a signal, such as 9.
    public func kill(_ signal: Int) { runtime.end(run, code: nil, signal: signal) }

    /// Makes the `ready` check of this run pass or fail from now on. A task without such a check is ready when it runs. This also
    /// releases the run if ``TestCluster/holdReadiness(of:)`` held it unready.
    public func setReady(_ isReady: Bool) {
        runtime.change(run) {
            $0.isHeld = false
            $0.readiness = isReady ? .passed : .failed("failed by the test")
        }
    }

    /// Makes the `live` check of this run pass or fail from now on.
    public func setLive(_ isLive: Bool) {
        runtime.change(run) { $0.liveness = isLive ? .passed : .failed("failed by the test") }
    }

    /// Makes the program ignore a stop, until it is killed after the grace period of its stop policy.
    public func ignoreStop() { runtime.change(run) { $0.ignoresStop = true } }

    /// Writes to the output of the program, which the `logs` methods of the clients return.
    public func write(_ text: String) throws { try runtime.write(text, to: run) }
}

/// The running programs of a ``TestCluster``, sorted by owner, name, ordinal and node.
///
/// - Since: 0.1
public struct TestTasks: RandomAccessCollection, Sendable {
    private let running: [TestTask]

    init(_ running: [TestTask]) {
        self.running = running.sorted {
            ($0.owner, $0.name, $0.ordinal, $0.node) < ($1.owner, $1.name, $1.ordinal, $1.node)
        }
    }

    /// The position of the first program.
    public var startIndex: Int { running.startIndex }
    /// The position after the last program.
    public var endIndex: Int { running.endIndex }
    /// Returns the program at a position.
    public subscript(position: Int) -> TestTask { running[position] }

    /// Returns the running program of a slot; if there are several, that of the first owner and node.
    ///
    /// - Throws: `task_not_found`, with a list of the running programs.
    public subscript(name: String, ordinal: Int = 0) -> TestTask {
        get throws {
            if let task = running.first(where: { $0.name.rawValue == name && $0.ordinal == ordinal }) { return task }
            let others = running.map { "\($0.name)/\($0.ordinal)" }.joined(separator: ", ")
            throw APIError(
                .taskNotFound,
                "\(name)/\(ordinal) is not running; "
                    + (others.isEmpty ? "no task is running" : "running tasks: \(others)"))
        }
    }
}
