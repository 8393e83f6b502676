import CubeSystem
import Dispatch
import Testing

@Suite(.timeLimit(.minutes(1)))
struct BlockingThreadsTests {
    private struct Failure: Error {}

    @Test func `Elements that wait for each other are transformed, and the results keep their order`() {
        let threads = BlockingThreads("test", count: 3)
        let arrived = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        let results = threads.map(Array(0..<3)) { index in
            arrived[index].signal()
            // Each waits for its successor, so none would end if they ran one after the other.
            arrived[(index + 1) % 3].wait()
            return index * 10
        }
        #expect(results == [0, 10, 20])
        #expect(threads.map(Array(0..<100)) { $0 + 1 } == Array(1...100))
        #expect(threads.map([Int]()) { $0 } == [])
    }

    @Test func `Work that waits for other work is carried out, and its error reaches the caller`() async throws {
        let threads = BlockingThreads("test", count: 2)
        let isDone = DispatchSemaphore(value: 0)
        async let first: Int = threads.run {
            isDone.wait()
            return 1
        }
        async let second: Int = threads.run {
            isDone.signal()
            return 2
        }
        #expect(try await first + second == 3)
        await #expect(throws: Failure.self) { try await threads.run { throw Failure() } }
    }
}
