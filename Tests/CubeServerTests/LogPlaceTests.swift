import Testing

@testable import CubeOrchestratorClient

/// Tests the position in the output of a task.
struct LogPlaceTests {
    @Test func `output from before an interruption is not repeated`() {
        var place = LogPlace()
        _ = place.open(1, isWhole: true)
        let first = place.take([1, 2, 3])
        #expect(first == [1, 2, 3])
        _ = place.open(1, isWhole: true)
        #expect(place.tail == nil)
        let (known, news) = (place.take([1, 2]), place.take([3, 4]))
        #expect(known == nil && news == [4])
    }

    @Test func `if the beginning of the output may be gone, no new output is taken for a repetition`() {
        var place = LogPlace()
        _ = place.open(1, isWhole: true)
        let much = place.take([UInt8](repeating: 0, count: LogPlace.limit + 1))
        #expect(much?.count == LogPlace.limit + 1)
        _ = place.open(1, isWhole: true)
        #expect(place.tail == 0)
        let news = place.take([1])
        #expect(news == [1])
    }

    @Test func `the output of another placement is complete`() {
        var place = LogPlace()
        _ = place.open(1, isWhole: false)
        let first = place.take([1, 10])
        let isAnother = place.open(2, isWhole: false)
        let second = place.take([1, 10])
        #expect(first == [1, 10] && isAnother && place.tail == nil && second == [1, 10])
    }

    @Test func `the output of another placement does not continue a line, and only its own bytes count`() {
        var place = LogPlace()
        _ = place.open(1, isWhole: true)
        let first = place.take([1, 2])
        _ = place.open(2, isWhole: true)
        let second = place.take([3])
        let rest = place.take([4, 10])
        #expect(first == [1, 2] && second == [10, 3] && rest == [4, 10])
        _ = place.open(2, isWhole: true)
        let news = place.take([3, 4, 10, 5])
        #expect(news == [5])
        _ = place.open(3, isWhole: true)
        _ = place.open(3, isWhole: true)
        let third = place.take([6, 10])
        #expect(third == [10, 6, 10])
    }
}
