import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Foundation
import Glibc
import Testing

@testable import CubeWorker

/// Questions to a real registry, which `.ci/with-engines` started.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(
        if: getenv("CUBE_TEST_REGISTRY") != nil && TestRuntime.docker.socket != nil,
        "needs docker-registry and Docker: run .ci/with-engines"))
struct RegistryClientTests {
    private let registry = getenv("CUBE_TEST_REGISTRY").map { String(cString: $0) } ?? ""
    private let privateRegistry = getenv("CUBE_TEST_PRIVATE_REGISTRY").map { String(cString: $0) } ?? ""

    private func client(_ configuration: String = "{}") throws -> RegistryClient {
        var client: RegistryClient?
        try WorkerWorld.withFile(configuration) { path in
            client = RegistryClient(credentials: try .load(path), clock: BootClock.timer)
        }
        return client!
    }

    /// Pushes an image of the tests under tags of a new repository, and returns the name of the repository.
    private func push(_ tags: [String], _ source: String = TestRuntime.image) async throws -> String {
        let name = "team/\(UUID().uuidString.lowercased())"
        for tag in tags { try await push(source, as: "\(name):\(tag)") }
        return name
    }

    private func push(_ source: String, as name: String) async throws {
        let docker = "timeout 60 docker -H 'unix://\(try #require(TestRuntime.docker.socket))'"
        let image = "\(registry)/\(name)"
        #expect(
            await shell(
                "\(docker) tag \(source) \(image) && \(docker) push -q \(image) >/dev/null && \(docker) rmi \(image) >/dev/null"
            )
                == 0)
    }

    @Test func `A registry lists its tags, and tells the digest of each`() async throws {
        let name = try await push(["1.0.0", "1.1.0", "latest"])
        let image = ImageReference("\(registry)/\(name):1.0.0")
        #expect(try await client().tags(of: image).sorted() == ["1.0.0", "1.1.0", "latest"])
        let before = try await client().digest(of: image)
        try await push("cube-test:health", as: "\(name):1.0.0")
        let after = try await client().digest(of: image)
        #expect(before.hasPrefix("sha256:") && after.hasPrefix("sha256:") && before != after)
        #expect(try await client().digest(of: ImageReference("\(registry)/\(name):1.1.0")) == before)
    }

    @Test func `A missing image, a wrong login and an unreachable registry are errors that name the registry`()
        async throws
    {
        let name = try await push(["1"])
        func message(_ client: RegistryClient, _ image: String) async -> String {
            do {
                return try await client.tags(of: ImageReference(image)).joined(separator: " ")
            } catch {
                return (error as? APIError)?.message ?? "\(error)"
            }
        }
        let denied = "registry \(privateRegistry): access to \(name) is denied"
        #expect(await message(try client(), "\(registry)/none").contains("registry \(registry): it has no such image"))
        #expect(await message(try client(), "\(privateRegistry)/\(name)") == denied)
        func login(_ password: String) -> String {
            #"{"auths": {"\#(privateRegistry)": {"auth": "\#(Data("me:\(password)".utf8).base64EncodedString())"}}}"#
        }
        #expect(await message(try client(login("wrong")), "\(privateRegistry)/\(name)") == denied)
        #expect(await message(try client(login("s3:cret")), "\(privateRegistry)/\(name)") == "1")
        #expect(
            await message(try client(), "127.0.0.1:1/x")
                == "registry 127.0.0.1:1: it cannot be reached: connection refused")
    }
}
