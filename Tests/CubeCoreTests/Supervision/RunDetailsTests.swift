import CubeTypes
import Testing

@testable import CubeCore

struct RunDetailsTests {
    private let now = DurableInstant(boot: "a", uptime: .seconds(500), wall: Timestamp(milliseconds: 1_000_000))

    private func running(_ health: HealthChecks = .none) -> SupervisedPlacement {
        var placement = SupervisedPlacement(
            .example {
                $0.image = "web:1"
                $0.health = health
            }, boot: "a")
        placement.launched(run: 1, at: now)
        return placement
    }

    private func report(_ placement: SupervisedPlacement) -> WorkerTask { placement.report(notEnforced: []) }

    private func end(_ placement: inout SupervisedPlacement) {
        placement.ended(
            run: placement.run, .exited(TaskResult(code: 1, at: now.wall), lasted: .seconds(5)), output: nil, now: now,
            jitter: 0)
    }

    @Test func `Without checks in the manifest, the health check of the image decides whether the task is ready`() {
        var placement = running()
        #expect(report(placement).ready)
        placement.detailed(run: 1, RunDetails(imageHealth: .starting))
        #expect(!report(placement).ready && report(placement).reason == .notReady)
        placement.detailed(run: 1, RunDetails(imageHealth: .healthy))
        #expect(report(placement).ready && report(placement).reason == nil)
        placement.detailed(run: 1, RunDetails(imageHealth: .unhealthy("no route")))
        #expect(!report(placement).ready)
        #expect(report(placement).message == "the health check of the image fails: no route")
        #expect(placement.due == .watch(run: 1, boot: "a"), "Only a live check of the manifest ends a run.")
    }

    @Test func `Any check in the manifest takes the place of the health check of the image`() {
        var placement = running(HealthChecks(live: HealthCheck(tcp: TCPProbe(port: .number(80)))))
        placement.detailed(run: 1, RunDetails(imageHealth: .unhealthy("")))
        #expect(report(placement).ready)
    }

    @Test func `The report names the image of the current or last run, and the one that the tag names now`() {
        var placement = running()
        #expect(report(placement).imageDigest == nil)
        placement.detailed(run: 1, RunDetails(image: "sha256:aa"))
        placement.detailed(run: 1, RunDetails(image: "sha256:other-name", movedTo: "sha256:bb"))
        #expect(report(placement).imageDigest == "sha256:aa", "The image of a run does not change.")
        #expect(report(placement).imageMovedTo == "sha256:bb")
        placement.detailed(run: 2, RunDetails(image: "sha256:cc"))
        end(&placement)
        #expect(report(placement).imageDigest == "sha256:aa" && report(placement).imageMovedTo == nil)
        placement.waitOver(run: 2, boot: "a")
        placement.launched(run: 2, at: now)
        placement.detailed(run: 2, RunDetails(image: "sha256:bb"))
        #expect(report(placement).imageDigest == "sha256:bb")
    }

    @Test func `A task that was started although the pull failed says so until its run ends`() {
        var placement = SupervisedPlacement(.example { $0.image = "web:1" }, boot: "a")
        placement.pullFailed(run: 1, message: "no registry")
        placement.launched(run: 1, at: now)
        #expect(report(placement).message == "no registry" && report(placement).reason == nil)
        end(&placement)
        placement.waitOver(run: 2, boot: "a")
        placement.launched(run: 2, at: now)
        #expect(report(placement).message == nil)
    }

    @Test func `A pull that succeeds after one that failed leaves no message`() {
        var placement = SupervisedPlacement(.example { $0.image = "web:1" }, boot: "a")
        placement.pullFailed(run: 1, message: "no registry")
        placement.startDelayed(run: 1, message: "pulling web:1")
        placement.launched(run: 1, at: now)
        #expect(report(placement).message == nil)
    }

    @Test func `A health check that the engine never carries out says nothing about the run`() {
        let run = RunIdentity(
            task: TaskID(rawValue: "0f3c0000-0000-5000-8000-000000000000")!, placement: 1, number: 1, boot: "a",
            runtime: .docker)
        func health(age: Int, hasRun: Bool = false) -> ImageHealth? {
            let status = ContainerStatus(
                phase: .running, startedAt: now.wall + .seconds(-age), health: .starting,
                firstCheckDue: hasRun ? nil : .seconds(90))
            guard case .running(_, let details) = status.state(of: run, boot: "a", now: now) else { return nil }
            return details.imageHealth
        }
        #expect(health(age: 90) == .starting && health(age: 91) == nil)
        #expect(health(age: 1000, hasRun: true) == .starting)
    }

    @Test func `The health of an engine has its state and the last line of the last output`() {
        #expect(ContainerStatus.health("unhealthy", output: "a\nb\n") == .unhealthy("b"))
        #expect(ContainerStatus.health("unhealthy", output: nil) == .unhealthy(""))
        #expect(ContainerStatus.health("healthy", output: "") == .healthy)
        #expect(ContainerStatus.health("starting", output: nil) == .starting)
        #expect(ContainerStatus.health("none", output: nil) == nil && ContainerStatus.health("", output: nil) == nil)
    }
}
