import CubeCore
import CubeJSON
import CubeTypes
import Testing

/// How the limits of the guards are said, and what is wrong with what is said.
struct GuardLimitsTests {
    @Test func `what nobody says is as it always was`() {
        #expect(GuardLimits.Choice().limits == GuardLimits(count: 3, percent: 10, window: .seconds(600)))
    }

    @Test func `each part is said by whoever comes first`() {
        let flag = GuardLimits.Choice(count: 1)
        let environment = GuardLimits.Choice(count: 2, percent: 20)
        let file = GuardLimits.Choice(count: 4, percent: 40, window: .seconds(4))
        #expect(flag.or(environment).or(file).limits == GuardLimits(count: 1, percent: 20, window: .seconds(4)))
    }

    @Test(arguments: [(0, 3), (3, 3), (39, 3), (40, 4), (100, 10), (109, 10)])
    func `the larger of the two bounds counts`(total: Int, allowance: Int) {
        #expect(GuardLimits().allowance(of: total) == allowance)
    }

    @Test func `a file is read by its table`() {
        let (configuration, diagnostics) = decode(
            #"{"$comment": "staging", "guards": {"prune_limit": 20, "prune_percent": 0, "prune_window": "1h"}}"#)
        #expect(diagnostics == [])
        #expect(configuration.guards == GuardLimits.Choice(count: 20, percent: 0, window: .seconds(3600)))
        #expect(decode("{}").configuration == ReconcilerConfiguration())
    }

    @Test func `all that is wrong with a file is said at once, with its place`() {
        let text = """
            {
              "guards": {
                "prune_limits": 3,
                "prune_percent": 101,
                "prune_window": "10 minutes"
              },
              "guard": {}
            }
            """
        #expect(
            decode(text).diagnostics.map { $0.text(source: nil) } == [
                #"cube.conf:3:5: error: unknown key "prune_limits"; did you mean "prune_limit"?"#,
                "cube.conf:4:22: error: guards.prune_percent: 101 must be a whole number from 0 to 100",
                #"cube.conf:5:21: error: guards.prune_window: "10 minutes" must be a whole number and one of ms, s, m, h; did you mean "10m"?"#,
                #"cube.conf:7:3: error: unknown key "guard"; did you mean "guards"?"#,
            ])
        #expect(decode(#"{"guards": }"#).diagnostics.map(\.reason) == [.syntax])
    }

    private func decode(_ text: String) -> (configuration: ReconcilerConfiguration, diagnostics: [Diagnostic]) {
        ReconcilerConfiguration.decode(Array(text.utf8), file: "cube.conf")
    }
}
