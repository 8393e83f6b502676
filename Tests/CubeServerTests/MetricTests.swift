import Testing

@testable import CubeServer

struct MetricTests {
    @Test func `a metric has a help text, a type and a value`() {
        let text = Metric("cube_term", "Term of the manager.", kind: .counter, 3).text
        #expect(text == "# HELP cube_term Term of the manager.\n# TYPE cube_term counter\ncube_term 3\n")
        #expect(Metric("cube_load", "Load.", 0.5).text.hasSuffix("\ncube_load 0.5\n"))
    }

    @Test func `labels are sorted, and characters that would break a line are escaped`() {
        let text = Metric("cube_x", "X.", by: "reason", ["b": 1, "a\"\\\n": 2]).text
        #expect(text.hasSuffix("cube_x{reason=\"a\\\"\\\\\\n\"} 2\ncube_x{reason=\"b\"} 1\n"))
    }

    @Test func `each bucket of a histogram counts the values up to its bound`() {
        let text = Metric(histogram: "cube_s", "S.", bounds: [0.1, 1], counts: [2, 0, 1], sum: 5.25).text
        #expect(
            text.hasSuffix(
                """
                cube_s_bucket{le="0.1"} 2
                cube_s_bucket{le="1.0"} 2
                cube_s_bucket{le="+Inf"} 3
                cube_s_sum 5.25
                cube_s_count 3

                """))
    }
}
