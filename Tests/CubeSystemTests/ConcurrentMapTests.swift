import CubeSystem
import Testing

@Suite struct ConcurrentMapTests {
    @Test(arguments: [0, 1, 16, 17, 1000])
    func `A concurrent map yields the results in the order of the elements`(count: Int) {
        // Texts, so that a result that is never initialised, or twice, would crash.
        let numbers = Array(0..<count)
        #expect(numbers.concurrentMap { "result \($0)" } == numbers.map { "result \($0)" })
    }
}
