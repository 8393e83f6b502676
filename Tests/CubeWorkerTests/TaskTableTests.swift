import CubeTypes
import Testing

@testable import CubeWorker

@Suite struct TaskTableTests {
    private static let ids = (0..<6).map {
        TaskID(rawValue: "00000000-0000-5000-8000-00000000000\($0)")!
    }

    @Test func `What changed since a number is what a look at everything finds`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(state: seed)
        var table = TaskTable()
        var sequences: [TaskID: Int] = [:]
        for step in 1...400 {
            let id = Self.ids.randomElement(using: &random)!
            if Int.random(in: 0..<4, using: &random) == 0 {
                table.remove(id)
                sequences[id] = nil
            } else {
                table.put(
                    .tombstone(id, placement: step, at: DurableInstant(wall: Timestamp(milliseconds: Int64(step)))))
                sequences[id] = table.sequence
            }
            for since in [0, table.sequence - 1, table.sequence, Int.random(in: 0...table.sequence, using: &random)] {
                let expected = sequences.filter { $0.value > since }.map(\.key).sorted()
                #expect(table.changes(after: since).records.map(\.id) == expected, "seed \(seed), step \(step)")
            }
            #expect(table.changes(after: nil).records.map(\.id) == sequences.keys.sorted(), "seed \(seed)")
        }
    }
}

private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ state >> 33) &* 0x9E37_79B9_7F4A_7C15
    }
}
