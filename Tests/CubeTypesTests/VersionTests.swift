import CubeErrors
import CubeVersion
import Foundation
import Testing

@Suite struct VersionTests {
    @Test func `versions are ordered according to semantic versioning`() throws {
        let ordered = [
            "0.0.1", "0.1.0", "0.2.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
            "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0", "2.0.0",
        ]
        let versions = try ordered.map { try #require(SemanticVersion($0)) }
        #expect(versions.map(\.description) == ordered)
        for (index, version) in versions.enumerated() {
            for (other, another) in versions.enumerated() {
                #expect((version < another) == (index < other), "\(version) \(another)")
            }
        }
        #expect(SemanticVersion("1.0.0+a") != SemanticVersion("1.0.0+b"))
        #expect(SemanticVersion("1.0.0-x.7+b.001")?.description == "1.0.0-x.7+b.001")
    }

    @Test(arguments: [
        "", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "v1.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+", "1.2.3-ä",
        "-1.2.3", "99999999999999999999.0.0",
    ])
    func `a text that is not a version is rejected`(text: String) { #expect(SemanticVersion(text) == nil) }

    /// Servers that are older or newer than a client that speaks the versions 2 to 4.
    @Test(arguments: [
        (1, 1, Compatibility.serverTooOld), (1, 2, .compatible(api: 2)), (1, 3, .compatible(api: 3)),
        (3, 9, .compatible(api: 4)), (4, 4, .compatible(api: 4)), (5, 9, .serverTooNew),
    ])
    func `client and server use the newest version that both speak`(
        oldest: Int, newest: Int, expected: Compatibility
    ) {
        let client = VersionInfo(version: "2.0.0", api: 4, oldestAPI: 2)
        let server = VersionInfo(version: "3.0.0", api: newest, oldestAPI: oldest)
        #expect(Compatibility(client: client, server: server) == expected)
        let problem = Compatibility.problem(client: client, server: server)
        if case .compatible = expected {
            #expect(problem == nil)
        } else {
            #expect(problem?.contains("3.0.0") == true)
        }
    }

    @Test func `the compatibility matrix has a row for this build`() {
        #expect(Compatibility.api(of: ProductVersion.semantic) == APIVersion.supported)
        #expect(Compatibility.releases.map(\.since) == Compatibility.releases.map(\.since).sorted())
        #expect(Compatibility.api(of: SemanticVersion(0, 0, 9)) == nil)
        #expect(APIVersion.supported.contains(APIVersion.current))
    }

    @Test func `a version is parsed from its header field and its response, from older and newer servers`() throws {
        #expect(VersionInfo(header: VersionInfo().header) == VersionInfo())
        #expect(VersionInfo(header: "1.2.3; api=2-5; more") == VersionInfo(version: "1.2.3", api: 5, oldestAPI: 2))
        for header in ["", "1.2.3", "1.2.3; api=5", "1.2.3; api=5-2", "1.2.3; api=-", "1.2.3; api=0-1"] {
            #expect(VersionInfo(header: header) == nil, "\(header)")
        }
        let old = try JSONDecoder().decode(VersionInfo.self, from: Data(#"{"version":"0.1.0","api":3,"x":1}"#.utf8))
        #expect(old.supported == 3...3)
        #expect(try JSONDecoder().decode(VersionInfo.self, from: JSONEncoder().encode(VersionInfo())) == VersionInfo())
    }

    @Test func `a deprecation is parsed from its header field`() {
        let deprecation = Deprecation(
            since: SemanticVersion(0, 3, 0), until: SemanticVersion(1, 0, 0), replacement: "GET /b?a=b; or c")
        #expect(Deprecation(header: deprecation.header) == deprecation)
        for header in ["", "since=1.0.0", "since=x; until=1.0.0; use=a"] { #expect(Deprecation(header: header) == nil) }
    }
}

@Suite struct ErrorTests {
    @Test func `every known reason has an error status, and an unknown reason takes the code or 500`() {
        #expect(ErrorReason.known.count > 30)
        for reason in ErrorReason.known {
            #expect((400...599).contains(reason.status), "\(reason)")
            #expect(APIError(reason, "m").status == reason.status)
        }
        #expect(APIError("from_tomorrow", "m", code: 418).status == 418)
        #expect(APIError("from_tomorrow", "m", code: 7).status == 500)
    }

    @Test(arguments: [
        (301, ErrorReason.malformedAnswer, false), (400, .validationFailed, false), (401, .unauthorized, false),
        (404, .routeNotFound, false), (408, .timeout, true), (418, .internal, false), (425, .timeout, true),
        (429, .tooManyRequests, true), (500, .internal, false), (502, .unavailable, true), (503, .unavailable, true),
        (504, .timeout, true), (507, .storageFull, true), (599, .internal, false),
    ])
    func `a response without a Cube error gets the reason of its status`(
        status: Int, reason: ErrorReason, retry: Bool
    ) {
        let error = APIError(label: "GET x", status: status)
        #expect(error.code == status)
        #expect(error.reason == reason)
        #expect(error.retry == retry)
        #expect(!error.isFromServer)
        #expect(error.message == "GET x: status \(status), and the response is not a Cube error")
    }

    @Test func `the body of a response without a Cube error is quoted on one line`() {
        let page = "<!doctype html>\n<style>x</style><h1>502\tBad Gateway</h1>" + String(repeating: "long ", count: 100)
        let error = APIError(label: "GET x", status: 502, contentType: "text/html", body: page)
        #expect(error.message.contains("error: \"x 502 Bad Gateway long long"))
        #expect(error.message.utf8.count < 260)
        #expect(!error.message.contains("\n"))
        #expect(APIError(label: "GET x", status: 502, body: "a < b").message.hasSuffix("error: \"a\""))
    }
}
