import CubeTypes
import Testing

struct HTTPStatusSetTests {
    @Test(
        arguments: [
            ("200-399", "200-399", [200, 399], [199, 400]), ("200", "200", [200], [201]),
            ("204, 200-201,203", "200-201,203-204", [200, 203], [202]), ("300-305,200-299", "200-305", [250], [306]),
        ])
    func `statuses and ranges are parsed, and written in a normalised form`(
        text: String, written: String, inside: [Int], outside: [Int]
    ) throws {
        let set = try #require(HTTPStatusSet(text))
        #expect("\(set)" == written && HTTPStatusSet(written) == set)
        #expect(inside.allSatisfy(set.contains) && !outside.contains(where: set.contains))
    }

    @Test(arguments: ["", "2xx", "200-", "-200", "399-200", "99", "600", "200,,201", "200-300-400", "ok", "+200"])
    func `any other text is rejected`(text: String) { #expect(HTTPStatusSet(text) == nil) }
}
