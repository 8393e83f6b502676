import CubeCore
import CubeTesting
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeManager

struct SlotOrderTests {
    @Test func `the order follows slots that come and go`() {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        var order = SlotOrder()
        var slots: [OwnerName: TreeSet<SlotKey>] = [.default: [], .manual: []]
        var emptied = 0
        for step in 0..<300 {
            let owner: OwnerName = random.pick([.default, .manual])
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                let name = WorkloadName(rawValue: random.pick(["web", "db", "cache-1", "cache"]))!
                let slot = SlotKey(owner: owner, name: name, ordinal: .random(in: 0..<12, using: &random))
                if Bool.random(using: &random) { slots[owner]?.insert(slot) } else { slots[owner]?.remove(slot) }
            }
            if step % 100 == 99 {
                slots[owner] = []
                emptied += 1
            }
            #expect(order.sorted(slots[owner] ?? [], of: owner) == (slots[owner] ?? []).sorted())
        }
        #expect(emptied == 3)
    }
}
