import CubeCore
import CubeTesting
import Testing

@Suite struct SortedQueueTests {
    @Test func `a queue has the elements of a sorted array`() {
        var random = SeededGenerator()
        var (queue, expected) = (SortedQueue<Int>(), Set<Int>())
        func check(_ note: Comment) {
            #expect(Array(queue) == expected.sorted(), note)
            #expect(queue.first == expected.min(), note)
            #expect(queue.isEmpty == expected.isEmpty, note)
        }
        check("empty")
        // It grows, changes, and is emptied, over several chunks.
        for (rounds, share) in [(2000, 0.9), (1000, 0.5), (6000, 0.1)] {
            for round in 0..<rounds {
                let element = Int.random(in: 0..<5000, using: &random)
                if Double.random(in: 0..<1, using: &random) < share {
                    if expected.insert(element).inserted { queue.insert(element) }
                } else if let known = expected.contains(element) ? element : expected.randomElement(using: &random) {
                    expected.remove(known)
                    queue.remove(known)
                }
                if round.isMultiple(of: 50) { check("seed \(random.seed), \(share), \(round)") }
            }
        }
        for element in expected.sorted() {
            expected.remove(element)
            queue.remove(element)
        }
        check("empty again")
    }

    @Test func `a copy does not change, and equality does not depend on the way to the elements`() {
        var (rising, falling) = (SortedQueue<Int>(), SortedQueue<Int>())
        for element in 0..<1000 {
            rising.insert(element)
            falling.insert(999 - element)
        }
        #expect(rising == falling)
        let copy = rising
        rising.remove(500)
        #expect(rising != falling && copy == falling)
        #expect(Array(copy) == Array(0..<1000))
    }
}
