import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Synchronization
import Testing

@testable import CubeReconciler

@Suite(.cluster, .timeLimit(.minutes(1))) struct ImageFeedTests {
    /// A registry whose answers a test sets.
    private final class TestRegistry: ImageRegistry {
        private struct State {
            var newest: [String: String] = [:]
            var isAway = false
            var questions: [String] = []
        }

        private let state = Mutex(State())

        func set(_ image: String, newest: String?) { state.withLock { $0.newest[image] = newest } }
        func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

        /// The questions since the last call.
        func takeQuestions() -> [String] {
            state.withLock { state in
                defer { state.questions = [] }
                return state.questions
            }
        }

        func newest(of image: WatchedImage) async throws -> String? {
            try state.withLock { state in
                state.questions.append(image.reference)
                if state.isAway { throw APIError(.unavailable, "the registry is away") }
                return state.newest[image.reference]
            }
        }
    }

    private func web(_ image: String, more: String = #", "image_update": {"policy": "semver"}"#) -> String {
        #"{"name": "web", "image": "\#(image)"\#(more)}"#
    }

    private func finding(_ run: LoopRun) -> String? {
        run.state.view.workloads[WorkloadName(rawValue: "web")!]?.status.conditions
            .first { $0.type == .imageOutdated }?.message
    }

    @Test func `A newer image is a finding until the manifest names it, and changes nothing that runs`() async throws {
        let (world, registry) = (try LoopWorld(), TestRegistry())
        registry.set("shop:1.0", newest: "shop:1.1")
        try world.write(web("shop:1.0"), to: "web.json")
        try world.write(#"{"name": "db", "image": "db:1.0"}"#, to: "db.json")
        try await world.reconcile(images: registry) { run in
            try await run.until { _ in finding(run) != nil }
            #expect(
                finding(run)
                    == "the registry has shop:1.1, and the manifest names shop:1.0; `cube image update web` writes it into the manifest"
            )
            await run.pass(.seconds(5))
            // Only the manifest with `image_update` is looked after.
            #expect(registry.takeQuestions() == ["shop:1.0"])
            let batches = world.cluster.batches.count
            await run.pass(.seconds(60))
            #expect(world.cluster.batches.count == batches)

            try world.write(web("shop:1.1"), to: "web.json")
            try await run.until { _ in registry.takeQuestions() == ["shop:1.1"] }
            try await run.until { _ in finding(run) == nil }
        }
    }

    @Test func `A registry is asked every hour, and what it said stays while it does not answer`() async throws {
        let (world, registry) = (try LoopWorld(), TestRegistry())
        registry.set("shop:1.0", newest: "shop:1.1")
        try world.write(web("shop:1.0"), to: "web.json")
        try await world.reconcile(images: registry) { run in
            try await run.until { _ in finding(run) != nil }
            #expect(registry.takeQuestions() == ["shop:1.0"])
            registry.setAway(true)
            await run.pass(.seconds(3590))
            #expect(registry.takeQuestions() == [])
            await run.pass(.seconds(20))
            #expect(registry.takeQuestions() == ["shop:1.0"])
            #expect(finding(run)?.contains("shop:1.1") == true)
            await run.pass(.seconds(40))
            #expect(registry.takeQuestions() == [])
            registry.setAway(false)
            registry.set("shop:1.0", newest: "shop:1.2")
            await run.pass(.seconds(20))
            #expect(registry.takeQuestions() == ["shop:1.0"])
            try await run.until { _ in finding(run)?.contains("shop:1.2") == true }
            // A manifest that no longer asks for newer images has no finding.
            try world.write(web("shop:1.0", more: ""), to: "web.json")
            try await run.until { _ in finding(run) == nil }
        }
    }
}
