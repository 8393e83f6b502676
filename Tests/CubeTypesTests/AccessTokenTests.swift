import CubeTypes
import Testing

@Suite struct AccessTokenTests {
    private static let secret = String(repeating: "5e", count: 32)
    private static let fingerprint = String(repeating: "0a", count: 32)

    @Test func `a token without a fingerprint is a secret as a whole`() throws {
        let token = try #require(AccessToken(Self.secret))
        #expect(token.secret == Self.secret && token.fingerprint == nil)
        #expect(token.text == Self.secret)
    }

    @Test func `a token with a fingerprint names the authority of its server`() throws {
        let token = try #require(AccessToken("\(Self.secret).\(Self.fingerprint)"))
        #expect(token.secret == Self.secret && token.fingerprint?.rawValue == Self.fingerprint)
        #expect(AccessToken(token.text) == token)
    }

    @Test(arguments: ["a.b", "a.0A" + String(repeating: "0a", count: 31), ".\(fingerprint)", "a.\(fingerprint)0"])
    func `only 64 lower-case hexadecimal digits after a dot are a fingerprint`(text: String) throws {
        let token = try #require(AccessToken(text))
        #expect(token.secret == text && token.fingerprint == nil)
    }

    @Test(arguments: ["", "a b", "a\n", "ä", String(repeating: "a", count: 513)])
    func `a token contains no blanks and has a limited length`(text: String) {
        #expect(AccessToken(text) == nil)
    }

    @Test func `a description never contains the secret`() throws {
        for text in [Self.secret, "\(Self.secret).\(Self.fingerprint)"] {
            let token = try #require(AccessToken(text))
            #expect(!"\(token)".contains(Self.secret))
        }
    }
}
