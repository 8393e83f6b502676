import Testing

/// Each rule finds its violations.
@Suite struct RulesTests {
    private func sample(_ text: String) -> SwiftFile { SwiftFile(path: "sample.swift", text: text) }

    @Test(arguments: [
        "import Foundation", "public import Foundation", "@testable import Foundation", "import struct Foundation.Date",
        "@preconcurrency package import Foundation", "    import Foundation",
    ])
    func `a forbidden import is found in every form`(line: String) {
        let wall = Wall("Walled", "CubeTypes")
        let file = sample("import CubeTypes\n// import Glibc\n\(line)")
        #expect(Rules.foreignImports(file, in: wall) == ["sample.swift:3: Walled may not import Foundation"])
    }

    @Test(arguments: [
        ("let now = Date()", "Date()"), ("let clock = ContinuousClock()", "ContinuousClock"),
        ("var generator = SystemRandomNumberGenerator()", "SystemRandomNumberGenerator"),
        ("Int.random(in: 0...1)", ".random("), ("print(1)", "print("), ("debugPrint(1)", "debugPrint("),
        ("names.shuffled()", ".shuffled()"), ("let id = UUID()", "UUID()"),
    ])
    func `a clock, randomness or output in a pure target is found`(line: String, found: String) {
        #expect(Rules.impurities(sample("// \(line)\n\(line)")) == ["sample.swift:2: \(found) in a pure target"])
    }

    @Test func `a command is found in a string but not in a comment`() {
        let text = "/// As `cube retry` says.\nlet hint = \"run `cube retry web`\"\nlet name = \"cube\""
        #expect(Rules.commands(sample(text)) == ["sample.swift:2: names the command cube retry"])
    }

    @Test func `two types with the same name are found, even if one is declared in an extension`() {
        let one = SwiftFile(
            path: "a.swift",
            text: """
                package struct Task {
                    enum State { case on }
                    enum CodingKeys: String, CodingKey { case id }
                    func run() {
                        struct Local {}
                    }
                }
                private struct Hidden {
                    struct Inside {}
                }
                struct Other { }
                """)
        let other = SwiftFile(
            path: "b.swift",
            text: """
                extension Task {
                    struct State {}
                    enum CodingKeys: String, CodingKey { case id }
                }
                final class Hidden {
                    struct Local {}
                }
                @available(*, deprecated)
                public actor Other {}
                struct State {}
                """)
        #expect(one.types.map(\.name) == ["Task", "Task.State", "Other"])
        #expect(Rules.namesakes([one, other]) == ["Other: a.swift:11, b.swift:9", "Task.State: a.swift:2, b.swift:2"])
    }

    @Test func `a method that shadows a decoder of the standard library is found, even if its signature is long`() {
        let file = sample(
            """
            func decode(_ text: String) -> Int { box.decode(text, forKey: 1) }
            func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { nil }
            package func decode<Element: Decodable>(
                _ type: [Element].Type, forKey key: Key
            ) throws -> [Element] {
            """)
        #expect(
            Rules.shadowedCoders(file) == [2, 3].map { "sample.swift:\($0): shadows a method of the standard library" })
    }

    @Test func `the methods of a container shadow nothing`() {
        let file = sample(
            """
            struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
                func encode(_ value: Bool, forKey key: Key) throws { write(value) }
            }
            """)
        #expect(Rules.shadowedCoders(file) == [])
    }

    @Test(arguments: [
        ("let now = Date()", "Date()"), ("let now = Date.now", "Date.now"),
        ("clock: any Clock<Duration> = ContinuousClock()", "ContinuousClock()"),
        ("guard ContinuousClock.now < end", "ContinuousClock.now"), ("state.at = .now", ".now"),
        ("now ?? { .now(boot: boot) }", ".now"), ("open(.now)", "(.now"),
        ("var generator = SystemRandomNumberGenerator()", "SystemRandomNumberGenerator"),
        ("let id = UInt64.random(in: .min ... .max)", ".random(in:"), ("Bool.random()", "Bool.random()"),
        ("names.shuffled()", ".shuffled()"),
        ("let id = UUID().uuidString", "UUID()"),
    ])
    func `a clock, an id or randomness of the machine outside of a composition root is found`(
        line: String, found: String
    ) {
        #expect(
            Rules.machineUses(sample("// \(line)\n\(line)")) == [
                "sample.swift:2: \(found) outside of a composition root"
            ])
    }

    @Test(arguments: [
        "let at = clock.now", "Int.random(in: 0...3, using: &generator)", "String(world.random(), radix: 16)",
        "let now = now()", "self.now = now",
        "names.shuffled(using: &generator)", "state.now = max(state.now, moment)",
    ])
    func `a clock or randomness that is passed in is not found`(line: String) {
        #expect(Rules.machineUses(sample(line)) == [])
    }

    @Test func `a reminder is found, even in a comment`() {
        #expect(Rules.reminders(sample("let a = 1\n// TODO: more")) == ["sample.swift:2: TODO"])
        #expect(Rules.reminders(sample("let a = 1 // FIXME")) == ["sample.swift:1: FIXME"])
    }

    @Test func `a dropped error without a reason is found`() {
        let dropped = ["sample.swift:2: try? without a comment that says why"]
        #expect(Rules.silence(sample("\ntry? remove()")) == dropped)
        #expect(Rules.silence(sample("// Gone already is fine.\ntry? remove()")) == [])
        #expect(Rules.silence(sample("try? remove()  // Gone already is fine.")) == [])
    }

    @Test
    func `a public declaration without documentation is found, including enum cases but not self-explanatory ones`() {
        let text = """
            /// A thing.
            ///
            /// - Since: 0.1
            public struct Thing {
                public var size: Int
                /// Its name.
                @inlinable
                public var name: String
                var inner: Int
                public init(size: Int) {}
            }
            public enum Colour {
                case red(
                    Int)
                /// As blood.
                case green
                enum Key { case hidden }
            }
            """
        #expect(
            Rules.undocumented(sample(text)) == [
                "sample.swift:5: public var size: Int has no documentation",
                "sample.swift:12: public enum Colour { has no documentation",
                "sample.swift:13: case red( has no documentation",
            ])
        #expect(Rules.undated(sample(text)) == ["sample.swift:12: public enum Colour { has no `- Since:` line"])
    }

    @Test func `the libraries of a package are read`() {
        #expect(Rules.libraries(ofPackage: #".library(name: "A", targets: ["A"]), .executable(name: "b")"#) == ["A"])
    }

    @Test func `a product on the wrong side of the trait is found`() {
        let table = [Wall("Client", "Base"), Wall("Base", "NIO"), Wall("Server", "NIO GRDB")]
        let needed = Wall.reach(of: ["Client"], in: table)
        #expect(needed == ["Client", "Base", "NIO"])
        let right = #"static let nio = product(name: "NIO", package: "nio"); static let grdb = server("GRDB", of: "g")"#
        #expect(Rules.misplacedProducts(ofPackage: right, needed: needed) == [])
        let wrong = #"static let grdb = product(name: "GRDB", package: "g"); static let nio = server("NIO", of: "nio")"#
        #expect(
            Rules.misplacedProducts(ofPackage: wrong, needed: needed) == [
                "GRDB: no client needs it, but clients fetch it",
                "NIO: a client needs it, but it requires the trait Server",
            ])
    }

    @Test func `an unknown entry at the top of the repository is found`() {
        #expect(Rules.strays(in: [".ci", "Sources", "notes.txt"]) == ["notes.txt"])
    }

    @Test func `a target without a row and a row without a target are found`() {
        #expect(Rules.unwalled(directories: ["A", "B"], rows: ["B", "C"]) == ["A", "C"])
    }

    @Test func `a command that is missing from the README is found`() {
        #expect(Rules.untold("swift test", in: "Run\n\n    swift test --quick\n"))
        #expect(!Rules.untold("swift test", in: "Run\n\n    swift test\n"))
    }

    @Test func `a path, a link and a file name that do not exist are found in a document`() {
        let files: Set = [
            "Sources", "Sources/CubeCore", "Sources/CubeCore/Plan.swift", "Sources/cube", ".ci", ".ci/run", "README.md",
        ]
        let text = """
            The `CubeCore/Plan.swift`, `.ci/run`, `Sources/CubeCore/` and `Plan.swift` are there, like [this](../README.md#top).

            - `CubeCore/Plans.swift` is not,
              nor `Planner.swift`, `cube/Main.swift` and `.ci/walk`.
            - `status/summary.json`, `a/b` and [this](https://example.com/a) are not in the repository, nor is

                `.ci/block`

            | `CubeText/Plan.swift` | [that](Missing.md) |
            """
        #expect(
            Rules.missingPaths(in: Document(path: ".github/a.md", text: text), files: files) == [
                ".github/a.md:3: CubeCore/Plans.swift does not exist", ".github/a.md:3: Planner.swift does not exist",
                ".github/a.md:3: cube/Main.swift does not exist", ".github/a.md:3: .ci/walk does not exist",
                ".github/a.md:9: CubeText/Plan.swift does not exist",
                ".github/a.md:9: .github/Missing.md does not exist",
            ])
    }

    @Test func `a quoted test that is missing from its file is found`() {
        let text = """
            | 1 | `A.swift` "it holds"; "it breaks" | `B.swift` "it holds" |
            | 2 | "no file" `word` "no file" |
            """
        let found = Rules.missingTests(in: Document(path: "a.md", text: text)) { $0 == "A.swift" ? "it holds" : nil }
        #expect(
            found == ["a.md:1: A.swift has no test \"it breaks\"", "a.md:1: B.swift has no test \"it holds\""])
    }

    @Test func `dependencies are read from a package, and titles from the rows of a table`() {
        #expect(
            Rules.dependencies(ofPackage: #".package(url: "https://a.b/c/d.swift.git", from: "1")"#) == ["d.swift"])
        let document = Document(path: "a.md", text: "| Name | For |\n|---|---|\n| `a` | b |\n| c-d | e |")
        #expect(document.rowTitles == ["Name", "a", "c-d"])
        #expect(Rules.unequal(["a", "b"], ["b", "c"]) == ["a", "c"])
    }
}
