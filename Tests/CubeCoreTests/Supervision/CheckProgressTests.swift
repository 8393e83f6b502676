import CubeCore
import CubeTesting
import CubeTypes
import Testing

struct CheckProgressTests {
    private static let check = HealthCheck(
        tcp: TCPProbe(port: .number(80)), interval: .seconds(2), timeout: .seconds(1), retries: 3,
        startPeriod: .seconds(10))

    /// One check a letter, each at the time when it is due: `p` passes, `f` fails. The answer has `P` for one that passes, `.`
    /// for one that is tolerated and `F` for one that counts.
    @Test(
        arguments: [
            // From the start on: failures count after ten seconds, five checks.
            (0, "ffffffff", ".......F"), (0, "fffpfff", "...P..F"), (0, "pffpfff", "P..P..F"),
            (0, "pfffp", "P..FP"), (0, "pffff", "P..FF"),
            // Of a run that is old already.
            (60, "fff", "..F"), (60, "ffpff", "..P.."), (60, "p", "P"),
        ])
    func `failures count after the start period or a success, and in a row`(age: Int, outcomes: String, says: String) {
        var progress = CheckProgress(Self.check, age: .seconds(age))
        let found = outcomes.map { outcome -> Character in
            let began = progress.due
            let finding = progress.record(
                outcome == "p" ? .passed : .failed("no"), began: began, ended: began + .milliseconds(10))
            return switch finding {
            case .passes: "P"
            case .tolerated: "."
            case .fails: "F"
            }
        }
        #expect(String(found) == says)
    }

    @Test func `the first is due at once, the next an interval after its beginning, and never before its end`() {
        var progress = CheckProgress(Self.check, age: .seconds(30))
        #expect(progress.due == .seconds(30))
        _ = progress.record(.passed, began: .seconds(31), ended: .seconds(32))
        #expect(progress.due == .seconds(33))
        _ = progress.record(.passed, began: .seconds(33), ended: .seconds(40))
        #expect(progress.due == .seconds(40))
    }

    @Test func `another check is due at once and begins without failures, but not without its success`() {
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
        #expect(progress.due == .seconds(7), "The same check is no change.")
    }

    @Test func `whatever comes in, a run fails only after as many failures in a row as it may have`() {
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
                }
            }
        }
        print("checks, seed \(random.seed): \(tally.sorted { $0.key < $1.key })")
        #expect(tally.values.allSatisfy { $0 > 100 })
    }
}
