import CubeSystem
import Testing

@Suite struct ConcurrentMapTests {
    @Test(arguments: [0, 1, 16, 17, 1000])
    func `A concurrent map yields the results in the order of the elements`(count: Int) {
        // Texts, so that a result that is never initialised, or twice, would crash.
        let numbers = Array(0..<count)
        for size in [1, 3, 16] {
            for numbers in [numbers[...], numbers.dropFirst(2)] {
                let results = numbers.concurrentMap(inSharesOf: size) { share in share.map { "result \($0)" } }
                #expect(results.flatMap(\.self) == numbers.map { "result \($0)" })
                #expect(results.dropLast().allSatisfy { $0.count == size })
            }
        }
    }
}
