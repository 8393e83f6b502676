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
