/// The conventions that a machine can check. Each rule takes its subject and returns the violations as `file:line: problem`.
enum Rules {
    /// Finds imports that are not in the row of the file's target.
    static func foreignImports(_ file: SwiftFile, in wall: Wall) -> [String] {
        file.imports.filter { !wall.modules.contains($0.module) }
            .map { "\(file.path):\($0.line): \(wall.target) may not import \($0.module)" }
    }

    /// Finds uses of time, randomness and output in a pure target, which gets them from outside.
    static func impurities(_ file: SwiftFile) -> [String] {
        let pattern =
            /\bDate\(\)|\bDate\.now\b|\b(?:Continuous|Suspending)Clock\b|\bSystemRandomNumberGenerator\b|\.random\(|\.randomElement\(|\.shuffled?\(\)|\b(?:debugPrint|print|dump)\(|\bUUID\(\)/
        return file.code.compactMap { code, line in
            code.firstMatch(of: pattern).map { "\(file.path):\(line): \($0.0) in a pure target" }
        }
    }

    /// Finds names of commands in the core. The core decides; other targets name the command that follows a hint.
    static func commands(_ file: SwiftFile) -> [String] {
        let pattern = /\bcube [a-z]+/
        return file.code.compactMap { code, line in
            code.firstMatch(of: pattern).map { "\(file.path):\(line): names the command \($0.0)" }
        }
    }

    /// Finds types that share a name, even in different targets. Private types do not count.
    static func namesakes(_ files: [SwiftFile]) -> [String] {
        let places = files.flatMap { file in file.types.map { (name: $0.name, place: "\(file.path):\($0.line)") } }
        return Dictionary(grouping: places, by: \.name).filter { $0.value.count > 1 }
            .map { "\($0.key): \($0.value.map(\.place).sorted().joined(separator: ", "))" }.sorted()
    }

    /// Finds uses of the machine's clocks, ids and randomness, which only a composition root may use. Other code gets
    /// them passed in.
    static func machineUses(_ file: SwiftFile) -> [String] {
        let pattern =
            /\bDate\(\)|\b(?:Date|ContinuousClock|SuspendingClock)\.now\b|\b(?:Continuous|Suspending)Clock\(\)|\bSystemRandomNumberGenerator\b|\.random\(in:(?!.*\busing:)|\bBool\.random\(\)|\.(?:randomElement|shuffled?)\(\)|\bUUID\(\)|(?:^|[\s(\[{?])\.now\b/
        return file.code.compactMap { code, line in
            code.firstMatch(of: pattern).map {
                "\(file.path):\(line): \($0.0.trimmingPrefix(while: \.isWhitespace)) outside of a composition root"
            }
        }
    }

    /// Finds methods that have the name and the key of a method of `KeyedDecodingContainer` or `KeyedEncodingContainer`. In their module,
    /// they would take precedence over that method, even in code that the compiler synthesizes. A container of our own has these methods.
    static func shadowedCoders(_ file: SwiftFile) -> [String] {
        let code = file.code
        let container = /\bstruct \w.*: Keyed(?:De|En)codingContainerProtocol\b/
        if code.contains(where: { $0.text.contains(container) }) { return [] }
        let pattern = /\bfunc (?:de|en)code(?:IfPresent)?\b/
        return code.indices.compactMap { index in
            guard code[index].text.contains(pattern) else { return nil }
            // The formatter breaks a long signature into at most three lines.
            let signature = code[index...].prefix(3).map(\.text).joined().prefix { $0 != "{" }
            guard signature.contains(/\bforKey\b/) else { return nil }
            return "\(file.path):\(code[index].line): shadows a method of the standard library"
        }
    }

    /// Finds reminders of unfinished work.
    static func reminders(_ file: SwiftFile) -> [String] {
        let pattern = /\b(?:FIXME|TODO|XXX)\b/
        return file.lines.enumerated().compactMap { index, line in
            line.firstMatch(of: pattern).map { "\(file.path):\(index + 1): \($0.0)" }
        }
    }

    /// Finds dropped errors without a comment that says why.
    static func silence(_ file: SwiftFile) -> [String] {
        let pattern = /\btry\?/
        return file.code.filter { $0.text.contains(pattern) && !file.hasComment(onOrBefore: $0.line) }
            .map { "\(file.path):\($0.line): try? without a comment that says why" }
    }

    /// Finds public declarations without documentation.
    static func undocumented(_ file: SwiftFile) -> [String] {
        file.publicDeclarations.filter { $0.documentation.isEmpty && !$0.speaksForItself }
            .map { "\(file.path):\($0.line): \($0.text.trimmingPrefix(while: \.isWhitespace)) has no documentation" }
    }

    /// Finds public types that do not state since which version they exist. Their members inherit the version.
    static func undated(_ file: SwiftFile) -> [String] {
        file.publicDeclarations
            .filter {
                $0.isType && !$0.speaksForItself && !$0.documentation.contains { $0.contains(/\/ - Since: \d+\.\d+$/) }
            }
            .map { "\(file.path):\($0.line): \($0.text.trimmingPrefix(while: \.isWhitespace)) has no `- Since:` line" }
    }

    /// Returns the libraries that a package offers to others.
    static func libraries(ofPackage text: String) -> [String] {
        text.matches(of: /\.library\(name: "(\w+)"/).map { String($0.1) }
    }

    /// Finds products on the wrong side of the trait `Server`. Products that no client needs are behind the trait, so
    /// that packages that use only the clients do not fetch them.
    ///
    /// - Parameters:
    ///   - text: the content of `Package.swift`.
    ///   - needed: the modules that clients import, directly or indirectly.
    static func misplacedProducts(ofPackage text: String, needed: Set<String>) -> [String] {
        let plain = text.matches(of: /= product\(name: "(\w+)"/).map { String($0.1) }
        let guarded = text.matches(of: /= server\("(\w+)"/).map { String($0.1) }
        return plain.filter { !needed.contains($0) }.map { "\($0): no client needs it, but clients fetch it" }
            + guarded.filter(needed.contains).map { "\($0): a client needs it, but it requires the trait Server" }
    }

    /// Finds entries at the top of the repository that are not known.
    static func strays(in entries: [String]) -> [String] {
        let known: Set = [
            "Package.swift", "README.md", "Sources", "Tests", "examples", "manifests",
        ]
        return entries.filter { !known.contains($0) && !$0.hasPrefix(".") }
    }

    /// Finds targets without a row and rows without a target.
    static func unwalled(directories: [String], rows: [String]) -> [String] {
        Set(directories).symmetricDifference(rows).sorted()
    }

    /// Whether the README lacks a command that runs before a change lands.
    static func untold(_ command: String, in readme: String) -> Bool {
        !readme.split(separator: "\n").contains { $0.trimmingPrefix(while: \.isWhitespace) == command }
    }
}
