import CubeCore
import CubeErrors
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// Images on real engines, which `.ci/with-engines` started: when they are pulled, which ones run, and their own health checks.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: !TestRuntime.engines.isEmpty, "needs a container engine: run .ci/with-engines"))
struct ImageTests {
    /// The registry of the tests, whose images an engine can pull; `nil` if there is none.
    private static let registry = getenv("CUBE_TEST_REGISTRY").map { String(cString: $0) }
    /// The same registry behind a login.
    private static let privateRegistry = getenv("CUBE_TEST_PRIVATE_REGISTRY").map { String(cString: $0) }

    @Test(arguments: TestRuntime.engines)
    func `With the policy "never", a missing image is a failed start`(engine: TestRuntime) async throws {
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("") {
                $0.image = "registry.invalid/none:1"
                $0.pull = ImagePull(policy: .never)
            }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .failed && ended.reason == .startFailed)
                #expect(
                    ended.message == "image registry.invalid/none:1 is not on this node, and pull.policy is \"never\"")
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `An unreachable registry does not prevent the start of an image that is there, whatever the policy`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let image = try await Self.tag("registry.invalid/there", on: engine)
            let policy = RestartPolicy(policy: .always, backoff: .milliseconds(100))
            let task = engine.script("sleep 1000", restart: policy, stop: StopPolicy(signal: "SIGKILL")) {
                $0.image = image
                $0.pull = ImagePull(policy: .always)
            }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                let running = try await worker.task(task.id) { $0.state == .running }
                #expect(running.message?.hasPrefix("cannot pull image \(image): ") == true)
                #expect(running.message?.hasSuffix("the task was started with the image that its node has") == true)
                // A restart does not pull, so it has nothing to say.
                try await engine.client.kill(containerName(of: task), signal: "SIGKILL")
                let again = try await worker.task(task.id) { $0.state == .running && $0.run == 2 }
                #expect(again.message == nil)
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(.enabled(if: registry != nil, "needs docker-registry"), arguments: TestRuntime.engines)
    func `With the policy "always", a new task runs what the tag means in the registry, and names its digest`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let name = "\(Self.registry!)/\(UUID().uuidString.lowercased()):1"
            try await Self.push("cube-test:1", as: name)
            var digests: [String] = []
            try await world.worker(engine) { worker in
                for policy in [ImagePull.Policy.missing, .missing, .always] {
                    var task = engine.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL")) {
                        $0.image = name
                        $0.pull = ImagePull(policy: policy)
                    }
                    task.id = TaskID(rawValue: UUID().uuidString.lowercased())!
                    try await worker.assign(task)
                    let running = try await worker.task(task.id) { $0.imageDigest != nil }
                    digests.append(running.imageDigest!)
                    try await worker.stop(task.id)
                    try await worker.ended(task.id)
                    try await Self.move(name, to: "cube-test:health")
                }
            }
            #expect(digests[0] == digests[1] && digests[1] != digests[2])
            #expect(digests.allSatisfy { $0.hasPrefix("sha256:") && $0.utf8.count == 71 })
        }
    }

    @Test(.enabled(if: privateRegistry != nil, "needs docker-registry"), arguments: TestRuntime.engines)
    func `The credentials of a task are a secret of the worker, and no message contains them`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let repository = UUID().uuidString.lowercased()
            try await Self.push("cube-test:1", as: "\(Self.registry!)/\(repository):1")
            let secrets = engine.options(world).secrets.string
            let texts = ["plain": "me:s3:cret\n", "coded": Data("me:s3:cret".utf8).base64EncodedString(), "bad": "s3"]
            try LocalFiles.makeDirectory(world.directory.string)
            try LocalFiles.makeDirectory(secrets)
            for (name, text) in texts {
                try LocalFiles.write(Array(text.utf8), to: name, in: secrets, durably: false)
            }
            try await world.worker(engine) { worker in
                func run(_ secret: String?) async throws -> WorkerTask {
                    var task = engine.script("exit 0") {
                        $0.image = "\(Self.privateRegistry!)/\(repository):1"
                        $0.pull = ImagePull(auth: secret)
                    }
                    task.id = TaskID(rawValue: UUID().uuidString.lowercased())!
                    try await worker.assign(task)
                    let seen = try await worker.task(task.id) {
                        $0.state.hasEnded || $0.message?.hasPrefix("cannot pull") == true
                    }
                    if !seen.state.hasEnded {
                        try await worker.stop(task.id)
                        try await worker.ended(task.id)
                    }
                    #expect(seen.message?.contains("s3") != true)
                    return seen
                }
                #expect(try await run(nil).state == .scheduled)
                #expect(try await run("secret:bad").reason == .startFailed)
                #expect(try await run("secret:none").reason == .startFailed)
                #expect(try await run("secret:plain").exit?.code == 0)
                try await eventually {
                    do {
                        try await engine.client.send(
                            .delete("/images/\(Self.privateRegistry!)/\(repository):1", [("force", "true")]))
                        return true
                    } catch EngineError.refused(_, let message) where message.contains("no such container") {
                        // Podman also removes the containers of the image, and the worker may do so at the same time.
                        return false
                    }
                }
                #expect(try await run("secret:coded").exit?.code == 0)
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A tag that moves while a task runs is reported with both digests, and nothing is restarted`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let image = try await Self.tag("localhost/moving", on: engine)
            let task = engine.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL")) { $0.image = image }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                let before = try await worker.task(task.id) { $0.imageDigest != nil && $0.state == .running }
                #expect(before.imageMovedTo == nil)
                try await Self.tag(image, as: "cube-test:health", on: engine)
                let moved = try await worker.task(task.id) { $0.imageMovedTo != nil }
                #expect(moved.imageDigest == before.imageDigest && moved.imageMovedTo != before.imageDigest)
                #expect(moved.run == 1 && moved.state == .running && moved.ready)
                try await Self.tag(image, as: "cube-test:1", on: engine)
                try await worker.task(task.id) { $0.imageMovedTo == nil }
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(.enabled(if: TestRuntime.docker.socket != nil, "needs Docker"))
    func `Without checks in the manifest, a task is ready when the health check of its image passes`() async throws {
        let engine = TestRuntime.docker
        try await WorkerWorld.with(engine) { world in
            let script = """
                sleep 2; touch /tmp/ok; while [ ! -e /tmp/fail ]; do sleep 0.1; done; rm /tmp/ok
                while :; do sleep 0.1; done
                """
            let task = engine.script(script, stop: StopPolicy(signal: "SIGKILL")) { $0.image = "cube-test:health" }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                let early = try await worker.task(task.id) { $0.state == .running }
                #expect(!early.ready && early.reason == .notReady)
                try await worker.task(task.id) { $0.ready }
                _ = try await engine.client.exec(
                    ["touch", "/tmp/fail"], in: containerName(of: task), outputBytes: 100
                ) { _ in }
                let late = try await worker.task(task.id) { !$0.ready }
                #expect(late.message == "the health check of the image fails: missing" && late.state == .running)
                #expect(late.run == 1, "Only a live check of the manifest restarts a task.")
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(.enabled(if: TestRuntime.podman.socket != nil, "needs Podman"))
    func `A health check that Podman carries out without a timer of systemd counts too`() async throws {
        let engine = TestRuntime.podman
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("touch /tmp/ok; sleep 1000", stop: StopPolicy(signal: "SIGKILL")) {
                $0.image = "cube-test:health"
            }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
                // As `podman healthcheck run` does.
                try await engine.client.send(.get("/libpod/containers/\(containerName(of: task))/healthcheck"))
                try await worker.task(task.id) { $0.ready }
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    // MARK: Images of the tests

    /// Gives the image of the tests another name, which no other test uses.
    private static func tag(_ name: String, on engine: TestRuntime) async throws -> String {
        let image = "\(name):\(UUID().uuidString.lowercased())"
        try await tag(image, as: TestRuntime.image, on: engine)
        return image
    }

    private static func tag(_ image: String, as source: String, on engine: TestRuntime) async throws {
        let reference = ImageReference(image)
        try await engine.client.send(
            try .post("/images/\(source)/tag", [("repo", reference.name), ("tag", reference.version)]))
    }

    /// Makes a tag in the registry mean another image, without a change in any engine.
    private static func move(_ name: String, to source: String) async throws {
        let other = "\(ImageReference(name).name):other"
        try await push(source, as: other)
        let program = """
            sys, r = __import__("sys"), __import__("urllib.request").request
            kind = "application/vnd.docker.distribution.manifest.v2+json"
            base, old, new = sys.argv[1:]
            manifest = r.urlopen(r.Request(base + new, headers={"Accept": kind})).read()
            r.urlopen(r.Request(base + old, manifest, {"Content-Type": kind}, method="PUT"))
            """
        let reference = ImageReference(name)
        let base = "http://\(reference.registry)/v2/\(reference.repository)/manifests/"
        #expect(await shell("timeout 60 python3 -c '\(program)' \(base) \(reference.version) other") == 0)
    }

    /// Pushes an image of Docker to the registry of the tests.
    private static func push(_ source: String, as name: String) async throws {
        let docker = "timeout 60 docker -H 'unix://\(try #require(TestRuntime.docker.socket))'"
        #expect(
            await shell(
                "\(docker) tag \(source) \(name) && \(docker) push -q \(name) >/dev/null && \(docker) rmi \(name) >/dev/null"
            ) == 0)
    }
}

/// Runs a shell command on a thread of its own, and returns its exit status.
///
/// The few threads of Swift's tasks must stay free meanwhile. They read what the engine sends to other tests, and an engine that
/// cannot send the progress of a pull lets a push of the same layers wait, which would last forever.
func shell(_ command: String) async -> Int32 {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: system(command)) }
    }
}
