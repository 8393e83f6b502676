import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import cube

/// Tests what `cube watch endpoints` does with a list of endpoints.
@Suite(.timeLimit(.minutes(1))) final class EndpointBindingTests {
    private let directory: FilePath
    private let cluster = ClusterID(rawValue: "11111111-1111-4111-8111-111111111111")!
    private var notes: [String] = []

    init() throws {
        directory = FilePath(FileManager.default.temporaryDirectory.appending(path: "cube-binding-\(UUID())").path)
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory.string) }  // A leftover does no harm.

    private var file: FilePath { directory.appending("addresses") }

    private func text(_ name: String) throws -> String? {
        try NamedFile.read(directory.appending(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A binding that writes the addresses and counts its commands.
    ///
    /// - Parameter gate: A shell command that must succeed before the command counts.
    private func binding(_ names: [WorkloadName] = [], render: String? = nil, gate: String = "true") -> EndpointBinding
    {
        let render = render ?? #"sed -n 's/.*"address": "\([^"]*\)".*/\1/p'"#
        return EndpointBinding(
            names: names, render: ShellCommand(render), file: BoundFile(path: file),
            command: ShellCommand("\(gate) && { tr '\\n' ' '; echo; } >>\(directory)/commands"))
    }

    private func endpoint(_ name: String, _ ordinal: Int = 0) -> ServiceEndpoint {
        let id = TaskID(rawValue: "00000000-0000-5000-8000-00000000000\(ordinal)")!
        let workload = WorkloadName(rawValue: name)!
        let digest = Digest(rawValue: "sha256:" + String(repeating: "0", count: 64))!
        return ServiceEndpoint(
            TaskEndpoint(name: "http", address: "10.0.0.1:\(8000 + ordinal)"),
            of: TaskStatus(
                id: id, owner: .default, name: workload, ordinal: ordinal, attempt: 0, state: .running,
                specDigest: digest, settingsDigest: digest, createdAt: Timestamp(milliseconds: 0), createdRevision: 1,
                revision: 1, definition: TaskDefinition(name: workload, command: ["true"])))
    }

    private func list(_ endpoints: [ServiceEndpoint], silent: [ServiceEndpoint] = []) -> EndpointList {
        EndpointList(revision: 1, cluster: cluster, endpoints: endpoints, silent: silent)
    }

    private func take(_ list: EndpointList, with binding: inout EndpointBinding) async throws {
        try await binding.take(list) { notes.append($0) }
    }

    // MARK: Changes

    @Test func `each change is written and followed by one command, which reads the content`() async throws {
        var binding = binding()
        try await take(list([endpoint("web", 0)]), with: &binding)
        try await take(list([endpoint("web", 0)]), with: &binding)
        #expect(try text("addresses") == "10.0.0.1:8000\n")
        try await take(list([endpoint("web", 0), endpoint("web", 1)]), with: &binding)
        try await take(list([]), with: &binding)
        #expect(try text("addresses")?.isEmpty == true)
        #expect(try text("commands") == "10.0.0.1:8000 \n10.0.0.1:8000 10.0.0.1:8001 \n\n")
        #expect(
            notes.filter { $0.hasPrefix("wrote ") }.map { $0.split(separator: ": ").last! } == [
                "1 endpoint", "2 endpoints", "0 endpoints",
            ])
    }

    @Test func `a file that is as it should be is neither written nor followed by a command`() async throws {
        try Data("10.0.0.1:8000\n".utf8).write(to: URL(filePath: file.string))
        let before = try FileManager.default.attributesOfItem(atPath: file.string)[.systemFileNumber] as? Int
        var binding = binding([WorkloadName(rawValue: "web")!])
        try await take(list([endpoint("db", 3), endpoint("web", 0)]), with: &binding)
        #expect(try FileManager.default.attributesOfItem(atPath: file.string)[.systemFileNumber] as? Int == before)
        #expect(try text("commands") == nil)
        #expect(notes == [])
    }

    @Test func `endpoints that render to the same content cause no command`() async throws {
        var binding = binding(render: "grep -c 10.0.0.1 || true")
        try await take(list([endpoint("web", 0)]), with: &binding)
        try await take(list([endpoint("web", 1)]), with: &binding)
        #expect(try text("commands") == "1 \n")
    }

    // MARK: Failures

    @Test func `a command that fails is run again, also by the next process`() async throws {
        let gate = "test -e \(directory)/gate"
        var first = binding(gate: gate)
        for _ in 0..<2 {
            let failure = await #expect(throws: Failure.self) {
                try await self.take(list([endpoint("web")]), with: &first)
            }
            #expect(failure?.message.contains("failed with exit code 1") == true)
        }
        #expect(try text("addresses") == "10.0.0.1:8000\n")
        #expect(try text("commands") == nil)

        try Data().write(to: URL(filePath: directory.appending("gate").string))
        var second = binding(gate: gate)
        try await take(list([endpoint("web")]), with: &second)
        #expect(try text("commands") == "10.0.0.1:8000 \n")
        var third = binding(gate: gate)
        try await take(list([endpoint("web")]), with: &third)
        #expect(try text("commands") == "10.0.0.1:8000 \n", "It has succeeded.")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted() == [
                "addresses", "commands", "gate",
            ])
    }

    @Test func `a rendering that fails leaves the file as it is, with the message of the command`() async throws {
        try Data("old\n".utf8).write(to: URL(filePath: file.string))
        var binding = binding(render: "echo partial; echo 'no such field' >&2; exit 5")
        let failure = await #expect(throws: Failure.self) {
            try await self.take(list([endpoint("web")]), with: &binding)
        }
        #expect(failure?.message.contains("failed with exit code 5:\nno such field") == true)
        #expect(try text("addresses") == "old\n")
        #expect(try text("commands") == nil)
    }

    @Test func `a command that hangs is killed after its time`() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await ShellCommand("sleep 1000 & wait").run(input: [], within: .milliseconds(50))
        }
        #expect(failure?.message == "`sleep 1000 & wait` did not end within 50ms and was killed")
    }

    // MARK: Unknown endpoints

    @Test func `the last endpoints of a workload stay while none of its nodes answers`() async throws {
        var binding = binding()
        let web = [endpoint("web", 0), endpoint("web", 1)]
        try await take(list([endpoint("api", 5)] + web), with: &binding)
        try await take(list([endpoint("api", 6)], silent: web), with: &binding)
        try await take(list([endpoint("api", 6)], silent: web), with: &binding)
        #expect(try text("addresses") == "10.0.0.1:8006\n10.0.0.1:8000\n10.0.0.1:8001\n")
        #expect(notes.filter { $0.contains("no node of web answers") }.count == 1)
        try await take(list([endpoint("api", 6), web[0]], silent: [web[1]]), with: &binding)
        #expect(try text("addresses") == "10.0.0.1:8006\n10.0.0.1:8000\n")
    }

    @Test func `the manager of another cluster changes nothing`() async throws {
        var binding = binding()
        try await take(list([endpoint("web")]), with: &binding)
        var other = list([])
        other.cluster = ClusterID(rawValue: "22222222-2222-4222-8222-222222222222")!
        let failure = await #expect(throws: Failure.self) { try await self.take(other, with: &binding) }
        #expect(failure?.message.contains("\(file) stays as it is") == true)
        #expect(try text("addresses") == "10.0.0.1:8000\n")
    }
}
