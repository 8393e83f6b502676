import CubeTypes
import Foundation
import Testing

struct DurableInstantTests {
    private static let wall = Timestamp(milliseconds: 1_700_000_000_000)

    private static func moment(_ boot: String, uptime: Int, wall: Int) -> DurableInstant {
        DurableInstant(boot: boot, uptime: .seconds(uptime), wall: Self.wall + .seconds(wall))
    }

    @Test(arguments: [
        // The wall clock is correct, was set back by an hour, or was set ahead.
        (moment("a", uptime: 100, wall: 0), moment("a", uptime: 160, wall: 60), 60),
        (moment("a", uptime: 100, wall: 0), moment("a", uptime: 160, wall: -3540), 60),
        (moment("a", uptime: 100, wall: 0), moment("a", uptime: 160, wall: 999_999), 60),
        // The elapsed time is never negative.
        (moment("a", uptime: 100, wall: 0), moment("a", uptime: 90, wall: 60), 0),
        // After a reboot, with a wall clock that continued or that was set back.
        (moment("a", uptime: 100, wall: 0), moment("b", uptime: 5, wall: 30), 30),
        (moment("a", uptime: 100, wall: 0), moment("b", uptime: 500, wall: -3600), 0),
        // Two unknown boots are not the same boot.
        (DurableInstant(wall: wall), DurableInstant(wall: wall + .seconds(7)), 7),
    ])
    func `Within one boot the boot-time clock decides, across boots the wall clock, and the future counts as now`(
        earlier: DurableInstant, later: DurableInstant, seconds: Int
    ) {
        #expect(later.since(earlier) == .seconds(seconds))
    }

    @Test func `the remaining time of a deadline never exceeds its span`() {
        let deadline = DurableDeadline(.seconds(60), from: Self.moment("a", uptime: 100, wall: 0))
        #expect(deadline.remaining(at: Self.moment("a", uptime: 120, wall: -7200)) == .seconds(40))
        #expect(deadline.remaining(at: Self.moment("b", uptime: 1, wall: -7200)) == .seconds(60))
        #expect(!deadline.hasPassed(at: Self.moment("a", uptime: 159, wall: 7200)))
        #expect(deadline.hasPassed(at: Self.moment("a", uptime: 160, wall: 0)))
        #expect(deadline.wall == Self.wall + .seconds(60))
    }

    @Test func `moments and deadlines are stored as objects, and the times of older versions are accepted`() throws {
        let moment = Self.moment("a", uptime: 100, wall: 0)
        let deadline = DurableDeadline(.milliseconds(1500), from: moment)
        #expect(try stored(moment) == moment)
        #expect(try stored(deadline) == deadline)
        let text = Data(#"["2023-11-14T22:13:20.000Z"]"#.utf8)
        #expect(try JSONDecoder().decode([DurableInstant].self, from: text) == [DurableInstant(wall: Self.wall)])
        let former = try #require(try JSONDecoder().decode([DurableDeadline].self, from: text).first)
        #expect(former.hasPassed(at: moment))
    }

    private func stored<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
}
