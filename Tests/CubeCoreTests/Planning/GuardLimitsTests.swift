import CubeCore
import CubeJSON
import CubeTypes
import Testing

/// The limits of the guards as people give them, and the errors in them.
struct GuardLimitsTests {
    @Test func `limits that nobody gives are taken from the manager`() {
        let limits = GuardLimits(count: 4, percent: 40, window: .seconds(4))
        #expect(GuardLimits.Choice().limits(else: limits) == limits)
        #expect(GuardLimits.Choice(count: 1).limits(else: limits).count == 1)
        #expect(GuardLimits.Choice(count: 1).complete == nil)
    }

    @Test func `each limit is taken from the first choice that has it`() {
        let flag = GuardLimits.Choice(count: 1)
        let environment = GuardLimits.Choice(count: 2, percent: 20)
        let file = GuardLimits.Choice(count: 4, percent: 40, window: .seconds(4))
        #expect(flag.or(environment).or(file).complete == GuardLimits(count: 1, percent: 20, window: .seconds(4)))
    }

    @Test(arguments: [(0, 3), (3, 3), (39, 3), (40, 4), (100, 10), (109, 10)])
    func `the larger of count and percentage applies`(total: Int, allowance: Int) {
        #expect(GuardLimits().allowance(of: total) == allowance)
    }

    @Test func `a configuration file is decoded`() {
        let (configuration, diagnostics) = decode(
            #"{"$comment": "staging", "guards": {"prune_limit": 20, "prune_percent": 0, "prune_window": "1h"}}"#)
        #expect(diagnostics == [])
        #expect(configuration.guards == GuardLimits.Choice(count: 20, percent: 0, window: .seconds(3600)))
        #expect(decode("{}").configuration == ReconcilerConfiguration())
    }

    @Test func `all errors of a configuration file are reported at once, with their locations`() {
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
