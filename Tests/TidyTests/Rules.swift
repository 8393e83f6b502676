/// What a machine can hold of the project's habits: each rule takes what it judges and answers what breaks it, as
/// `file:line: what`.
enum Rules {
    /// A file imports only what its target's row of the table names.
    static func foreignImports(_ file: SwiftFile, in wall: Wall) -> [String] {
        file.imports.filter { !wall.modules.contains($0.module) }
            .map { "\(file.path):\($0.line): \(wall.target) may not import \($0.module)" }
    }

    /// Time, chance and output come into a pure target from outside.
    static func impurities(_ file: SwiftFile) -> [String] {
        file.code.compactMap { code, line in
            code.firstMatch(
                of:
                    /\bDate\(\)|\bDate\.now\b|\b(?:Continuous|Suspending)Clock\b|\bSystemRandomNumberGenerator\b|\.random\(|\.randomElement\(|\.shuffled?\(\)|\b(?:debugPrint|print|dump)\(|\bUUID\(\)/
            ).map { "\(file.path):\(line): \($0.0) in a pure target" }
        }
    }

    /// The core decides, and leaves it to others to name the command that carries a hint out.
    static func commands(_ file: SwiftFile) -> [String] {
        file.code.compactMap { code, line in
            code.firstMatch(of: /\bcube [a-z]+/).map { "\(file.path):\(line): names the command \($0.0)" }
        }
    }

    /// Two types never share a name, not even in different targets. Private types do not count.
    static func namesakes(_ files: [SwiftFile]) -> [String] {
        let places = files.flatMap { file in file.types.map { (name: $0.name, place: "\(file.path):\($0.line)") } }
        return Dictionary(grouping: places, by: \.name).filter { $0.value.count > 1 }
            .map { "\($0.key): \($0.value.map(\.place).sorted().joined(separator: ", "))" }.sorted()
    }

    /// Clocks, ids and randomness are passed in. Only a composition root takes them from the machine.
    static func machineUses(_ file: SwiftFile) -> [String] {
        file.code.compactMap { code, line in
            code.firstMatch(
                of:
                    /\bDate\(\)|\b(?:Date|ContinuousClock|SuspendingClock)\.now\b|\b(?:Continuous|Suspending)Clock\(\)|\bSystemRandomNumberGenerator\b|\.random\(in:(?!.*\busing:)|\bBool\.random\(\)|\.(?:randomElement|shuffled?)\(\)|\bUUID\(\)|(?:^|[\s(\[{?])\.now\b/
            ).map {
                "\(file.path):\(line): \($0.0.trimmingPrefix(while: \.isWhitespace)) outside of a composition root"
            }
        }
    }

    /// Unfinished work is finished, or not begun.
    static func reminders(_ file: SwiftFile) -> [String] {
        file.lines.enumerated().compactMap { index, line in
            line.firstMatch(of: /\b(?:FIXME|TODO|XXX)\b/).map { "\(file.path):\(index + 1): \($0.0)" }
        }
    }

    /// An error that is dropped says why.
    static func silence(_ file: SwiftFile) -> [String] {
        file.code.filter { $0.text.contains(/\btry\?/) && !file.hasComment(onOrBefore: $0.line) }
            .map { "\(file.path):\($0.line): try? without a comment that says why" }
    }

    /// Whoever imports a public library finds what each of its declarations means.
    static func undocumented(_ file: SwiftFile) -> [String] {
        file.publicDeclarations.filter { $0.documentation.isEmpty && !$0.speaksForItself }
            .map { "\(file.path):\($0.line): \($0.text.trimmingPrefix(while: \.isWhitespace)) says not what it means" }
    }

    /// A public type says since which version it is there; its members are as old unless they say otherwise.
    static func undated(_ file: SwiftFile) -> [String] {
        file.publicDeclarations
            .filter {
                $0.isType && !$0.speaksForItself && !$0.documentation.contains { $0.contains(/\/ - Since: \d+\.\d+$/) }
            }
            .map { "\(file.path):\($0.line): \($0.text.trimmingPrefix(while: \.isWhitespace)) says not since when" }
    }

    /// The libraries that a package offers to others.
    static func libraries(ofPackage text: String) -> [String] {
        text.matches(of: /\.library\(name: "(\w+)"/).map { String($0.1) }
    }

    /// What no client needs is behind the trait `Server`, so that packages that ask for the clients alone do not fetch it.
    ///
    /// - Parameters:
    ///   - text: `Package.swift`.
    ///   - needed: the modules that clients import, and what these import.
    static func misplacedProducts(ofPackage text: String, needed: Set<String>) -> [String] {
        let plain = text.matches(of: /= product\(name: "(\w+)"/).map { String($0.1) }
        let guarded = text.matches(of: /= server\("(\w+)"/).map { String($0.1) }
        return plain.filter { !needed.contains($0) }.map { "\($0): no client needs it, and clients fetch it" }
            + guarded.filter(needed.contains).map { "\($0): a client needs it, and has it not without traits" }
    }

    /// The top of the repository is a table of contents.
    static func strays(in entries: [String]) -> [String] {
        let known: Set = [
            "Package.swift", "README.md", "Sources", "Tests", "examples", "manifests",
        ]
        return entries.filter { !known.contains($0) && !$0.hasPrefix(".") }
    }

    /// Every target has its row, and every row its target.
    static func unwalled(directories: [String], rows: [String]) -> [String] {
        Set(directories).symmetricDifference(rows).sorted()
    }

    /// What the README tells to run is what runs before a change lands.
    static func untold(_ command: String, in readme: String) -> Bool {
        !readme.split(separator: "\n").contains { $0.trimmingPrefix(while: \.isWhitespace) == command }
    }
}
