import CubeTesting
import CubeTypes
import Testing

@testable import CubeCore

/// What a worker decides about tasks that use the network of another task.
struct SharedNetworkTests {
    private let now = DurableInstant(boot: "b", uptime: .seconds(1), wall: Timestamp(milliseconds: 0))

    private func assignment(
        _ id: Int, _ name: String, ordinal: Int = 0, owner: OwnerName = .default,
        _ change: (inout TaskDefinition) -> Void = { _ in }
    ) -> TaskAssignment {
        var assignment = TaskAssignment.example {
            $0.name = WorkloadName(rawValue: name)!
            $0.image = "\(name):1"
            change(&$0)
        }
        assignment.id = TaskID(rawValue: "00000000-0000-5000-8000-00000000000\(id)")!
        assignment.ordinal = ordinal
        assignment.owner = owner
        return assignment
    }

    private func user(_ change: (inout TaskDefinition) -> Void = { _ in }) -> TaskAssignment {
        assignment(9, "app") {
            $0.network.of = WorkloadName(rawValue: "vpn")!
            change(&$0)
        }
    }

    /// A table with placements, of which some run.
    private func table(_ placements: (TaskAssignment, runs: Bool)...) -> PlacementTable {
        var table = PlacementTable(incarnation: "a")
        for (assignment, runs) in placements {
            var placement = SupervisedPlacement(assignment, boot: "b")
            if runs { placement.launched(run: 1, at: now) }
            table.put(.placement(placement))
        }
        return table
    }

    /// Carries out the orders that put records into the table, and returns the others.
    private func carryOut(_ orders: [PlacementOrder], in table: inout PlacementTable) -> [PlacementOrder] {
        orders.filter { order in
            switch order {
            case .record(let record, _), .publish(let record):
                table.put(record)
                return false
            default: return true
            }
        }
    }

    private func entry(of assignment: TaskAssignment, in table: PlacementTable) throws -> SupervisedPlacement {
        try #require(table.placement(assignment.id))
    }

    @Test func `A task uses the network of the live container with the lowest ordinal, of its own owner`() throws {
        let app = user()
        let (first, second) = (assignment(1, "vpn", ordinal: 1), assignment(2, "vpn", ordinal: 2))
        let foreign = assignment(3, "vpn", owner: OwnerName(rawValue: "other")!)
        let table = table((app, false), (second, true), (first, true), (foreign, true))
        let run = try #require(try entry(of: first, in: table).liveRun)
        #expect(table.network(of: try entry(of: app, in: table)) == .shared(run))
        #expect(table.network(of: try entry(of: first, in: table)) == .own)
    }

    @Test func `A task waits while no container has the network that it uses, and says why`() throws {
        let app = user()
        func reason(_ table: PlacementTable) throws -> String? {
            guard case .wait(let reason) = table.network(of: try entry(of: app, in: table)) else { return nil }
            return reason
        }
        let vpn = assignment(1, "vpn")
        #expect(
            try reason(table((app, false), (vpn, false)))
                == "waits until the container of vpn runs, whose network it uses")
        #expect(
            try reason(table((app, false)))?.contains("vpn, whose network it uses and which is not on this node")
                == true)
        let process = assignment(1, "vpn") { $0.image = nil }
        #expect(try reason(table((app, false), (process, true)))?.hasPrefix("vpn is a process") == true)
        var stopping = table((app, false), (vpn, true))
        var placement = try entry(of: vpn, in: stopping)
        placement.stopRequested(now: now)
        stopping.put(.placement(placement))
        #expect(try reason(stopping)?.hasPrefix("waits until") == true)
    }

    /// A table in which `app` runs in the network of the first run of `vpn`.
    private func sharing(_ change: (inout TaskDefinition) -> Void = { _ in }) throws -> (
        table: PlacementTable, vpn: TaskAssignment, app: TaskAssignment
    ) {
        let (vpn, app) = (assignment(1, "vpn"), user(change))
        var table = table((vpn, true), (app, false))
        let run = try #require(try entry(of: vpn, in: table).liveRun)
        let orders = table.sharing(run, by: app.id)
        guard case .record(let record, onFullDisk: .fail) = orders.first else {
            Issue.record("the network is not recorded before the start")
            return (table, vpn, app)
        }
        table.put(record)
        var placement = try entry(of: app, in: table)
        #expect(placement.networkHolder == run)
        placement.launched(run: 1, at: now)
        table.put(.placement(placement))
        #expect(table.networkLosses(after: vpn.id).isEmpty && table.networkLosses(after: app.id).isEmpty)
        return (table, vpn, app)
    }

    @Test
    func `When a container ends, the tasks that use its network end as unhealthy, and start again by their policy`()
        throws
    {
        var (table, vpn, app) = try sharing()
        let vpnRun = try #require(try entry(of: vpn, in: table).liveRun)
        _ = carryOut(
            table.observed(
                .ended(.exited(TaskResult(code: 1, at: now.wall), lasted: .seconds(1))), of: vpnRun, output: nil,
                now: now,
                jitter: 0), in: &table)
        let orders = carryOut(table.networkLosses(after: vpn.id), in: &table)
        let lost = try entry(of: app, in: table)
        #expect(orders == [.check(lost.identity(ofRun: 1, boot: "b"))])
        #expect(lost.due == .stop(run: 1, boot: "b"))
        let report = lost.report(notEnforced: [])
        #expect(report.reason == .unhealthy)
        #expect(report.message == "the container of vpn, whose network the task uses, has ended")
        // Nothing is decided twice.
        #expect(table.networkLosses(after: vpn.id).isEmpty)

        _ = carryOut(
            table.observed(
                .ended(.exited(TaskResult(code: 0, at: now.wall), lasted: .seconds(1))),
                of: lost.identity(ofRun: 1, boot: "b"), output: nil, now: now, jitter: 0), in: &table)
        let next = try entry(of: app, in: table)
        #expect(next.run == 2 && next.restarts.count == 1)
        guard case .wait = table.network(of: next) else {
            Issue.record("the task does not wait for the next run of vpn")
            return
        }
    }

    @Test func `A task that is never restarted fails when it loses its network`() throws {
        var (table, vpn, app) = try sharing { $0.restart = RestartPolicy(policy: .never) }
        var placement = try entry(of: vpn, in: table)
        placement.ended(run: 1, .containerRemoved, output: nil, now: now, jitter: 0)
        table.put(.placement(placement))
        _ = carryOut(table.networkLosses(after: vpn.id), in: &table)
        let run = try entry(of: app, in: table).identity(ofRun: 1, boot: "b")
        _ = carryOut(
            table.observed(
                .ended(.exited(TaskResult(code: 0, at: now.wall), lasted: .seconds(1))), of: run, output: nil, now: now,
                jitter: 0), in: &table)
        let report = try entry(of: app, in: table).report(notEnforced: [])
        #expect(report.state == .failed && report.reason == .unhealthy)
    }

    @Test func `A restarted worker that has not found the container yet ends nothing`() throws {
        let (before, vpn, app) = try sharing()
        // A start is not written, so the record of the running task still says that it is being started.
        var table = PlacementTable(incarnation: "b")
        table.put(.placement(try entry(of: app, in: before)))
        #expect(table.networkLosses(after: app.id).isEmpty)
        table.put(.placement(SupervisedPlacement(vpn, boot: "b")))
        #expect(table.networkLosses(after: vpn.id).isEmpty)
    }

    @Test func `A task that started while the container ended loses its network, too`() throws {
        var (table, vpn, app) = try sharing()
        let running = try entry(of: app, in: table)
        table.remove(app.id)
        var placement = try entry(of: vpn, in: table)
        placement.ended(run: 1, .containerRemoved, output: nil, now: now, jitter: 0)
        table.put(.placement(placement))
        #expect(table.networkLosses(after: vpn.id).isEmpty)
        table.put(.placement(running))
        #expect(table.networkLosses(after: app.id).count == 2)
    }
}
