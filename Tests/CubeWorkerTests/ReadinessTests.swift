import CubeTesting
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

@Suite(.timeLimit(.minutes(1)))
struct ReadinessTests {
    /// A pipe whose read end becomes readable when its write end is closed.
    private struct Pipe {
        let source: FileDescriptor
        let sink: FileDescriptor

        init() throws { (source, sink) = try FileDescriptor.pipe() }

        /// The number of descriptors of this process that refer to the pipe.
        func descriptors() throws -> Int {
            let name = try target(of: source.rawValue)
            return try LocalFiles.names(in: "/proc/self/fd").compactMap(Int32.init).count { descriptor in
                // A descriptor of another test may be closed meanwhile.
                (try? target(of: descriptor)) == name
            }
        }

        private func target(of descriptor: Int32) throws -> FilePath {
            var buffer = [CChar](repeating: 0, count: 256)
            guard readlink("/proc/self/fd/\(descriptor)", &buffer, 255) > 0 else { throw Errno(rawValue: errno) }
            return FilePath(platformString: buffer)
        }
    }

    private func wait(for descriptor: FileDescriptor) -> Task<Void, any Error> {
        Task { try await Readiness.shared.wait(for: descriptor.rawValue) }
    }

    @Test func `All who wait for a descriptor are told, and their waits need no descriptors of their own`() async throws
    {
        let pipe = try Pipe()
        let waits = (1...3).map { _ in wait(for: pipe.source) }
        try await eventually { Readiness.shared.waits(for: pipe.source.rawValue) == 3 }
        #expect(try pipe.descriptors() == 2)
        try pipe.sink.close()
        for wait in waits { try await wait.value }
        // It stays readable, and may be waited for again.
        try await Readiness.shared.wait(for: pipe.source.rawValue)
        #expect(Readiness.shared.waits(for: pipe.source.rawValue) == 0)
        try pipe.source.close()
    }

    @Test func `A wait that is cancelled ends alone, and the next descriptor of the same number is another one`()
        async throws
    {
        let pipe = try Pipe()
        let (cancelled, other) = (wait(for: pipe.source), wait(for: pipe.source))
        try await eventually { Readiness.shared.waits(for: pipe.source.rawValue) == 2 }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(Readiness.shared.waits(for: pipe.source.rawValue) == 1)
        other.cancel()
        await #expect(throws: CancellationError.self) { try await other.value }

        let next = try Pipe()
        // The number now belongs to the next pipe, while the first one becomes readable.
        let kept = try pipe.source.duplicate()
        try #require(dup2(next.source.rawValue, pipe.source.rawValue) >= 0)
        let wait = wait(for: pipe.source)
        try await eventually { Readiness.shared.waits(for: pipe.source.rawValue) == 1 }
        try pipe.sink.close()
        try await Readiness.shared.wait(for: kept.rawValue)
        #expect(Readiness.shared.waits(for: pipe.source.rawValue) == 1)
        try next.sink.close()
        try await wait.value
        for descriptor in [pipe.source, next.source, kept] { try descriptor.close() }
    }
}
