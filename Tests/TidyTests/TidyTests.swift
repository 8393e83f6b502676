import CubeCore
import Testing

/// The repository follows its conventions.
@Suite struct TidyTests {
    let repository = Repository.own

    @Test(arguments: Wall.table.map(\.target))
    func `every file imports only modules that its target may import`(target: String) throws {
        let wall = try #require(Wall.table.first { $0.target == target })
        #expect(try repository.sources(of: wall).flatMap { Rules.foreignImports($0, in: wall) } == [])
    }

    @Test func `every target has a row in the table`() throws {
        let directories = try ["Sources", "Tests"].flatMap(repository.entries).filter { !$0.contains(".") }
        #expect(Rules.unwalled(directories: directories, rows: Wall.table.map(\.target)) == [])
    }

    @Test func `pure targets use no clock, randomness or output of their own`() throws {
        let files = try Wall.table.filter(\.isPure).flatMap(repository.sources)
        #expect(files.flatMap(Rules.impurities) == [])
    }

    @Test func `only composition roots take clocks, ids and randomness from the machine`() throws {
        let roots: Set = ["cube", "cube-bench", "CubeSystem", "CubeTesting"]
        let walls = Wall.table.filter { $0.directory.hasPrefix("Sources/") && !roots.contains($0.target) }
        try #require(walls.count >= 15)
        #expect(try walls.flatMap(repository.sources).flatMap(Rules.machineUses) == [])
    }

    @Test func `every public declaration is documented, and every public type states since which version it exists`()
        throws
    {
        let walls = Wall.table.filter(\.isPublic)
        #expect(Set(walls.map(\.target)) == Set(Rules.libraries(ofPackage: try repository.text("Package.swift"))))
        let files = try walls.flatMap(repository.sources)
        #expect(files.flatMap(Rules.undocumented) == [])
        #expect(files.flatMap(Rules.undated) == [])
    }

    @Test func `packages that use only the clients fetch no dependency that only the programs need`() throws {
        // CubeTesting tests programs against the real logic and needs all of the dependencies.
        let clients = Wall.table.filter { $0.isPublic && $0.target != "CubeTesting" }.map(\.target)
        let needed = Wall.reach(of: Set(clients), in: Wall.table)
        #expect(Rules.misplacedProducts(ofPackage: try repository.text("Package.swift"), needed: needed) == [])
    }

    @Test func `the core names no command`() throws {
        let core = try #require(Wall.table.first { $0.target == "CubeCore" })
        #expect(try repository.sources(of: core).flatMap(Rules.commands) == [])
    }

    @Test func `there are no reminders, and no error is dropped without a reason`() throws {
        let files = try Wall.table.filter { $0.target != "TidyTests" }.flatMap(repository.sources)
        #expect(files.flatMap(Rules.reminders) == [])
        #expect(files.flatMap(Rules.silence) == [])
    }

    @Test func `no two types share a name`() throws {
        let sources = try Wall.table.filter { $0.directory.hasPrefix("Sources/") }.flatMap(repository.sources)
        #expect(Rules.namesakes(sources) == [])
        #expect(sources.flatMap(\.types).count > 500)
    }

    @Test func `no method shadows a decoder or an encoder of the standard library`() throws {
        let files = try Wall.table.filter { $0.target != "TidyTests" }.flatMap(repository.sources)
        #expect(files.flatMap(Rules.shadowedCoders) == [])
    }

    @Test func `the top of the repository contains only the known entries`() throws {
        let entries = try repository.trackedEntries()
        #expect(entries.contains("Package.swift"))
        #expect(Rules.strays(in: entries) == [])
    }

    @Test func `manifests and examples are valid`() throws {
        let files = try ["manifests", "examples"].flatMap { try repository.files(below: $0, endings: ["json"]) }
            .filter { !$0.hasPrefix("examples/broken/") }
        try #require(files.count >= 5)
        for file in files {
            guard !ManifestGroup.isFile(BytePath(naming: file)) else {
                #expect(
                    ManifestDecoder.decodeGroup(try repository.bytes(file), file: file).diagnostics.isEmpty, "\(file)")
                continue
            }
            let decoded = ManifestDecoder.decode(try repository.bytes(file), file: file) { name in
                // A missing file is reported by the diagnostics.
                (try? repository.bytes("\(file.prefix { $0 != "/" })/\(name)")).map { .content($0) }
                    ?? .unreadable("does not exist")
            }
            #expect(decoded.diagnostics.isEmpty, "\(file)")
            #expect(!decoded.workloads.isEmpty, "\(file)")
        }
    }

    @Test func `the README names the command that runs the tests`() throws {
        let lines = try repository.text(".ci/run").split(separator: "\n").map { $0.drop { $0 == " " } }
        // The command is one of several steps on consecutive lines.
        let step = try #require(lines.first { $0.contains(".ci/test") })
        let command = step.replacing(#/( --skip-build)? &&$/#, with: "")
        #expect(!Rules.untold(String(command), in: try repository.text("README.md")))
    }

    @Test func `every path that a document names exists`() throws {
        let paths = try repository.paths()
        let documents = paths.filter { $0.hasSuffix(".md") }
        try #require(documents.count >= 15)
        for path in documents.sorted() {
            let document = Document(path: path, text: try repository.text(path))
            #expect(Rules.missingPaths(in: document, files: paths) == [])
        }
    }

    @Test func `the map of the tests has a row for each target, and every test that it quotes exists`() throws {
        let map = Document(path: "Tests/README.md", text: try repository.text("Tests/README.md"))
        // An unreadable file contains no test.
        let missing = Rules.missingTests(in: map) { try? repository.text("Tests/\($0)") }
        #expect(missing == [])
        let targets = Wall.table.map(\.target).filter { $0.hasSuffix("Tests") }
        #expect(Rules.unequal(map.rowTitles, targets + ["Target", "Invariant", "Guarantee"]) == [])
    }

    @Test func `every target has a row on the map, and every dependency has a reason`() throws {
        let map = Document(path: "Sources/README.md", text: try repository.text("Sources/README.md"))
        let targets = Wall.table.map(\.target).filter { !$0.hasSuffix("Tests") }
        #expect(Rules.unequal(map.rowTitles, targets + ["Target"]) == [])
        let decisions = try repository.text("Sources/cube/cube.docc/Decisions.md")
        let table = Document(path: "Decisions.md", text: decisions)
        let dependencies = Rules.dependencies(ofPackage: try repository.text("Package.swift"))
        #expect(Rules.unequal(table.rowTitles, dependencies + ["Dependency"]) == [])
    }
}
