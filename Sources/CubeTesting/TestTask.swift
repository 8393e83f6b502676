import CubeCore
import CubeErrors
public import CubeTypes
import CubeWorker

/// A running program of a ``TestCluster``, which does what a test says.
///
/// It runs until the test ends it, or the worker does: then it ends by the signal of its stop policy. Its health checks pass
/// until the test says otherwise. What a method brings about is done when ``TestCluster/settle()`` returns, or any later call
/// that lets time go.
///
/// - Since: 0.1
public struct TestTask: Sendable {
    let run: RunIdentity
    let assignment: TaskAssignment
    let runtime: SimulatedRuntime

    /// Where it runs.
    public let node: NodeName

    init(run: RunIdentity, assignment: TaskAssignment, node: NodeName, runtime: SimulatedRuntime) {
        self.run = run
        self.assignment = assignment
        self.node = node
        self.runtime = runtime
    }

    /// The task that it is a run of.
    public var id: TaskID { run.task }
    /// Whose it is.
    public var owner: OwnerName { assignment.owner }
    /// The name of its workload.
    public var name: WorkloadName { assignment.definition.name }
    /// Which replica: from 0.
    public var ordinal: Int { assignment.ordinal }
    /// The number of its run, from 1; each restart by the worker is another one.
    public var number: Int { run.number }
    /// What the task is.
    public var definition: TaskDefinition { assignment.definition }
    /// The ports that it was given, by their names.
    public var ports: [String: Int] { assignment.ports }

    /// The variables that it sees. Those of `env_from` are left out.
    public var environment: [String: String] { seen.variables }

    /// The program and its arguments, with references to variables replaced.
    public var command: [String] { definition.command.map(seen.expand) }

    private var seen: TaskEnvironment { TaskEnvironment(assignment, home: "/") }

    /// Its program ends by itself.
    public func exit(_ code: Int) { runtime.end(run, code: code, signal: nil) }

    /// A signal ends it, such as 9.
    public func kill(_ signal: Int) { runtime.end(run, code: nil, signal: signal) }

    /// Lets its `ready` check pass from now on, or fail; a task without one is ready when it runs. It ends what
    /// ``TestCluster/holdReadiness(of:)`` did to this run.
    public func setReady(_ isReady: Bool) {
        runtime.change(run) {
            $0.isHeld = false
            $0.readiness = isReady ? .passed : .failed("the test says so")
        }
    }

    /// Lets its `live` check pass from now on, or fail.
    public func setLive(_ isLive: Bool) {
        runtime.change(run) { $0.liveness = isLive ? .passed : .failed("the test says so") }
    }

    /// Lets it run on when it is asked to end, until the grace of its stop policy is over and it is killed.
    public func ignoreStop() { runtime.change(run) { $0.ignoresStop = true } }

    /// Writes to its output, which the clients' `logs` read.
    public func write(_ text: String) throws { try runtime.write(text, to: run) }
}

/// What runs in a ``TestCluster`` now, by owner, name, ordinal and node.
///
/// - Since: 0.1
public struct TestTasks: RandomAccessCollection, Sendable {
    private let running: [TestTask]

    init(_ running: [TestTask]) {
        self.running = running.sorted {
            ($0.owner, $0.name, $0.ordinal, $0.node) < ($1.owner, $1.name, $1.ordinal, $1.node)
        }
    }

    /// The place of the first task.
    public var startIndex: Int { running.startIndex }
    /// The place after the last task.
    public var endIndex: Int { running.endIndex }
    /// The task at a place.
    public subscript(position: Int) -> TestTask { running[position] }

    /// The task that runs for a slot; of several, that of the first owner and node.
    ///
    /// - Throws: `task_not_found`, with what runs instead.
    public subscript(name: String, ordinal: Int = 0) -> TestTask {
        get throws {
            if let task = running.first(where: { $0.name.rawValue == name && $0.ordinal == ordinal }) { return task }
            let others = running.map { "\($0.name)/\($0.ordinal)" }.joined(separator: ", ")
            throw APIError(
                .taskNotFound, "\(name)/\(ordinal) does not run; \(others.isEmpty ? "nothing does" : "\(others) do")")
        }
    }
}
