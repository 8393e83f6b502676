import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Foundation
import Glibc
import Testing

@testable import CubeWorker

/// A registry that demands tokens, as those of Docker Hub and GitHub do, and splits its list of tags into pages.
@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: access("/usr/bin/python3", X_OK) == 0, "needs Python for the registry"))
struct RegistryTokenTests {
    /// The token server knows the login `me` with the password `s3:cret`.
    private static let program = """
        http, json = __import__("http.server").server, __import__("json")
        class Registry(http.BaseHTTPRequestHandler):
            def answer(self, status, value, headers={}):
                body = json.dumps(value).encode()
                self.send_response(status)
                for name in headers: self.send_header(name, headers[name])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                login, host = self.headers.get("Authorization"), self.headers["Host"]
                if self.path.startswith("/token?"):
                    asked = "service=reg" in self.path and "scope=repository%3Ateam%2Fapp%3Apull" in self.path
                    known = login == "Basic bWU6czM6Y3JldA=="
                    return self.answer(200 if asked and known else 401, {"access_token": "t1"})
                if login != "Bearer t1":
                    realm = 'Bearer realm="http://%s/token",service="reg"' % host
                    return self.answer(401, {}, {"WWW-Authenticate": realm})
                if "last=a" in self.path: return self.answer(200, {"tags": ["b"]})
                next = '</v2/team/app/tags/list?last=a&n=1000>; rel="next"'
                self.answer(200, {"tags": ["a"]}, {"Link": next})
            def log_message(self, *arguments): pass
        server = http.HTTPServer(("127.0.0.1", 0), Registry)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    private func withRegistry(_ body: (_ registry: String) async throws -> Void) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", Self.program]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        // Threads of Dispatch block most signals, and their children do so too. A process that is left behind keeps the output of the
        // tests open, for which `swift test` would wait forever.
        defer { kill(process.processIdentifier, SIGKILL) }
        let port = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).prefix { $0 != "\n" }
        try #require(Int(port) != nil)
        try await body("127.0.0.1:\(port)")
    }

    private func tags(_ registry: String, password: String) async throws -> [String] {
        let login = Data("me:\(password)".utf8).base64EncodedString()
        var client: RegistryClient?
        try WorkerWorld.withFile(#"{"auths": {"\#(registry)": {"auth": "\#(login)"}}}"#) { path in
            client = RegistryClient(credentials: try .load(path), clock: BootClock.timer)
        }
        return try await client!.tags(of: ImageReference("\(registry)/team/app:a"))
    }

    @Test func `A registry that demands a token gets that of its token server, and all pages of its list are read`()
        async throws
    {
        try await withRegistry { registry in
            let all = try await tags(registry, password: "s3:cret")
            #expect(all == ["a", "b"])
            var message = ""
            do {
                _ = try await tags(registry, password: "wrong")
            } catch let error as APIError {
                message = error.message
            }
            #expect(message == "registry \(registry): its token server responded with status 401")
        }
    }
}
