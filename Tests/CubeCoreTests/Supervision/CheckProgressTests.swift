import CubeCore
import CubeTesting
import CubeTypes
import Testing

struct CheckProgressTests {
    private static let check = HealthCheck(
        tcp: TCPProbe(port: .number(80)), interval: .seconds(2), timeout: .seconds(1), retries: 3,
        startPeriod: .seconds(10))

    /// Each letter is one check, at the time when it is due: `p` passes, `f` fails. The result has `P` for a pass, `.` for a tolerated
    /// failure and `F` for a failure that counts.
    @Test(
        arguments: [
            // From the start of the run: failures count after ten seconds, which are five checks.
            (0, "ffffffff", ".......F"), (0, "fffpfff", "...P..F"), (0, "pffpfff", "P..P..F"),
            (0, "pfffp", "P..FP"), (0, "pffff", "P..FF"),
            // A run that is older than the start period.
            (60, "fff", "..F"), (60, "ffpff", "..P.."), (60, "p", "P"),
            // Checks that could not be carried out say nothing, and do not interrupt a row of failures.
            (60, "pxxxxxx", "P      "), (60, "fxfxf", ". . F"), (60, "xxx", "   "),
        ])
    func `only consecutive failures after the start period or a success count`(age: Int, outcomes: String, says: String)
    {
        var progress = CheckProgress(Self.check, age: .seconds(age))
        let found = outcomes.map { outcome -> Character in
            let began = progress.due
            let outcomes: [Character: CheckOutcome] = ["p": .passed, "f": .failed("no"), "x": .impossible("no engine")]
            let finding = progress.record(
                outcomes[outcome]!, began: began, ended: began + .milliseconds(10))
            return switch finding {
            case .passes: "P"
            case .tolerated: "."
            case .fails: "F"
            case nil: " "
            }
        }
        #expect(String(found) == says)
    }

    @Test
    func `the first check is due immediately, and the next one an interval after its start but not before its end`() {
        var progress = CheckProgress(Self.check, age: .seconds(30))
        #expect(progress.due == .seconds(30))
        _ = progress.record(.passed, began: .seconds(31), ended: .seconds(32))
        #expect(progress.due == .seconds(33))
        _ = progress.record(.passed, began: .seconds(33), ended: .seconds(40))
        #expect(progress.due == .seconds(40))
    }

    @Test func `a changed check is due immediately, keeps the earlier success and drops earlier failures`() {
        var progress = CheckProgress(Self.check, age: .zero)
        _ = progress.record(.passed, began: .zero, ended: .zero)
        _ = progress.record(.failed("no"), began: .seconds(2), ended: .seconds(2))
        var other = Self.check
        other.retries = 2
        progress.change(to: other, age: .seconds(3))
        #expect(progress.due == .seconds(3))
        #expect(progress.record(.failed("no"), began: .seconds(3), ended: .seconds(3)) == .tolerated("no"))
        #expect(progress.record(.failed("no"), began: .seconds(5), ended: .seconds(5)) == .fails("no"))
        progress.change(to: other, age: .seconds(6))
        #expect(progress.due == .seconds(7), "Setting the same check changes nothing.")
    }

    @Test func `a run fails only after the declared number of consecutive failures`() {
        var random = SeededGenerator()
        var tally = ["passes": 0, "tolerated": 0, "fails": 0]
        for round in 0..<500 {
            var check = Self.check
            check.retries = .random(in: 1...5, using: &random)
            check.startPeriod = .seconds(Int.random(in: 0...20, using: &random))
            check.interval = .milliseconds(Int.random(in: 100...5000, using: &random))
            let start = Duration.seconds(Int.random(in: 0...15, using: &random))
            var progress = CheckProgress(check, age: start)
            var (row, hasPassed, last) = (0, false, Duration.zero)
            for _ in 0..<40 {
                let began = progress.due + .milliseconds(Int.random(in: 0...200, using: &random))
                let ended = began + .milliseconds(Int.random(in: 0...6000, using: &random))
                let passes = Int.random(in: 0..<3, using: &random) == 0
                let finding = progress.record(passes ? .passed : .failed("no"), began: began, ended: ended)
                let counts = hasPassed || began >= check.startPeriod
                row = passes ? 0 : row + (counts ? 1 : 0)
                hasPassed = hasPassed || passes
                let expected: CheckFinding =
                    passes ? .passes : row >= check.retries ? .fails("no") : .tolerated("no")
                #expect(finding == expected, "seed \(random.seed), round \(round)")
                #expect(progress.due >= ended && progress.due >= began + check.interval && progress.due > last)
                last = progress.due
                switch finding {
                case .passes: tally["passes"]! += 1
                case .tolerated: tally["tolerated"]! += 1
                case .fails: tally["fails"]! += 1
                case nil: Issue.record("no finding")
                }
            }
        }
        print("checks, seed \(random.seed): \(tally.sorted { $0.key < $1.key })")
        #expect(tally.values.allSatisfy { $0 > 100 })
    }
}
