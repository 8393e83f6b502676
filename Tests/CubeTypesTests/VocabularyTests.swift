import CubeErrors
import CubeTypes
import Foundation
import Testing

@Suite struct VocabularyTests {
    @Test(arguments: ["a", "web", "web-1", "0", String(repeating: "x", count: 63)])
    func `a DNS label is a valid workload name`(name: String) {
        #expect(WorkloadName(rawValue: name)?.rawValue == name)
    }

    @Test(arguments: ["", "-a", "a-", "Web", "a_b", "a.b", "ä", String(repeating: "x", count: 64)])
    func `any other name is rejected with the value and the rule`(name: String) throws {
        let error = #expect(throws: APIError.self) { try WorkloadName(checking: name, field: "name") }
        #expect(error?.fields == [ValidationError(field: "name", value: "\"\(name)\"", message: WorkloadName.rule)])
    }

    @Test(arguments: [
        ("0s", Duration.zero), ("500ms", .milliseconds(500)), ("5s", .seconds(5)), ("90s", .seconds(90)),
        ("10m", .seconds(600)), ("24h", .seconds(86_400)),
    ])
    func `the text of a duration is parsed and written back unchanged`(text: String, span: Duration) {
        #expect(Duration(text: text) == span)
        #expect(span.text == text)
    }

    @Test(arguments: ["", "5", "s", "-5s", "+5s", "1.5s", "5 s", "5S", "1d", "9999999999999s", "٥s"])
    func `a duration without a whole number and a unit is rejected`(text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test(arguments: [
        ("2026-01-02T03:04:05.678Z", Int64(1_767_323_045_678)), ("2026-01-02T03:04:05.000Z", 1_767_323_045_000),
        ("1970-01-01T00:00:00.001Z", 1), ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("1969-12-31T23:59:59.999Z", -1),
    ])
    func `the text of a time is parsed and written back unchanged`(text: String, milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }

    @Test func `the date of a time is that of Foundation's calendar, from 1970 to 9999`() {
        let lastDay = 2_932_896
        // Every day of the years around the ends of centuries and leap years, and a sample of all others.
        let days = Array(0...1500) + (10_900...11_400) + (47_450...47_600) + (lastDay - 400...lastDay)
        for day in days + stride(from: 0, through: lastDay, by: 263) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400).formatted(.iso8601).prefix(10)
            #expect(Timestamp(milliseconds: Int64(day) * 86_400_000).description == "\(date)T00:00:00.000Z")
            #expect(Timestamp(milliseconds: Int64(day + 1) * 86_400_000 - 1).description == "\(date)T23:59:59.999Z")
            #expect(Timestamp("\(date)T00:00:00.000Z")?.milliseconds == Int64(day) * 86_400_000)
            #expect(Timestamp("\(date)T23:59:59.999Z")?.milliseconds == Int64(day + 1) * 86_400_000 - 1)
        }
    }

    @Test func `the text of a time is read as Foundation reads it`() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        var texts = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+01:00", "", "2026-01-02"]
        for date in ["2023-02-29", "2024-02-30", "2024-02-29", "2100-02-29", "2026-04-31", "2026-00-10", "2026-13-01"] {
            texts.append("\(date)T12:00:00.000Z")
        }
        for date in ["2026-01-00", "2026-01-32", "1969-12-31", "0001-01-01", "9999-12-31"] {
            texts.append("\(date)T12:00:00.000Z")
        }
        for time in [
            "24:00:00.000Z", "23:60:00.000Z", "23:59:60.000Z", "23:59:59.99Z", "23.59:59.999Z", "23:59:59.999z",
        ] {
            texts.append("2026-06-15T\(time)")
        }
        for text in texts {
            // Foundation refuses some texts.
            let theirs = (try? Date(text, strategy: style)) ?? (try? Date(text, strategy: .iso8601))
            #expect(
                Timestamp(text)
                    == theirs.map { Timestamp(milliseconds: Int64(($0.timeIntervalSince1970 * 1000).rounded())) },
                "\(text)")
        }
    }

    @Test func `every error status maps to a reason whose status maps to the same reason`() {
        for status in [400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 429, 502, 503, 504, 507] {
            let reason = ErrorReason(status: status)
            #expect(reason != .internal)
            #expect(ErrorReason(status: reason.status) == reason)
        }
    }
}
