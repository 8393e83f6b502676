import CubeCore
import Testing

/// The repository keeps its habits.
@Suite struct TidyTests {
    let repository = Repository.own

    @Test(arguments: Wall.table.map(\.target))
    func `every file imports only what its target may`(target: String) throws {
        let wall = try #require(Wall.table.first { $0.target == target })
        #expect(try repository.sources(of: wall).flatMap { Rules.foreignImports($0, in: wall) } == [])
    }

    @Test func `every target has its row in the table`() throws {
        let directories = try ["Sources", "Tests"].flatMap(repository.entries).filter { !$0.contains(".") }
        #expect(Rules.unwalled(directories: directories, rows: Wall.table.map(\.target)) == [])
    }

    @Test func `pure targets take time, chance and output from outside`() throws {
        let files = try Wall.table.filter(\.isPure).flatMap(repository.sources)
        #expect(files.flatMap(Rules.impurities) == [])
    }

    @Test func `Clocks, ids and randomness are taken from the machine in composition roots only`() throws {
        let roots: Set = ["cube", "cube-bench", "CubeSystem", "CubeTesting"]
        let walls = Wall.table.filter { $0.directory.hasPrefix("Sources/") && !roots.contains($0.target) }
        try #require(walls.count >= 15)
        #expect(try walls.flatMap(repository.sources).flatMap(Rules.machineUses) == [])
    }

    @Test func `whoever imports a public library finds what each declaration means, and since when a type is there`()
        throws
    {
        let walls = Wall.table.filter(\.isPublic)
        #expect(Set(walls.map(\.target)) == Set(Rules.libraries(ofPackage: try repository.text("Package.swift"))))
        let files = try walls.flatMap(repository.sources)
        #expect(files.flatMap(Rules.undocumented) == [])
        #expect(files.flatMap(Rules.undated) == [])
    }

    @Test func `whoever uses the clients alone fetches nothing that only the programs need`() throws {
        // What tests programs against the real logic brings all of that.
        let clients = Wall.table.filter { $0.isPublic && $0.target != "CubeTesting" }.map(\.target)
        let needed = Wall.reach(of: Set(clients), in: Wall.table)
        #expect(Rules.misplacedProducts(ofPackage: try repository.text("Package.swift"), needed: needed) == [])
    }

    @Test func `the core names no command`() throws {
        let core = try #require(Wall.table.first { $0.target == "CubeCore" })
        #expect(try repository.sources(of: core).flatMap(Rules.commands) == [])
    }

    @Test func `nothing is left for later, and no error is dropped without its reason`() throws {
        let files = try Wall.table.filter { $0.target != "TidyTests" }.flatMap(repository.sources)
        #expect(files.flatMap(Rules.reminders) == [])
        #expect(files.flatMap(Rules.silence) == [])
    }

    @Test func `git tracks nothing else at the top of the repository`() throws {
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
                // The diagnostics say so.
                (try? repository.bytes("\(file.prefix { $0 != "/" })/\(name)")).map { .content($0) }
                    ?? .unreadable("does not exist")
            }
            #expect(decoded.diagnostics.isEmpty, "\(file)")
            #expect(!decoded.workloads.isEmpty, "\(file)")
        }
    }

    @Test func `the README tells the command that tests`() throws {
        let lines = try repository.text(".ci/run").split(separator: "\n").map { $0.drop { $0 == " " } }
        // One step of several that stand one below the other.
        let command = try #require(lines.first { $0.contains(".ci/test") }).replacing(#/ &&$/#, with: "")
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

    @Test func `the map of tests has a row for each target, and every test that it names exists`() throws {
        let map = Document(path: "Tests/README.md", text: try repository.text("Tests/README.md"))
        // A file that cannot be read has no test.
        let missing = Rules.missingTests(in: map) { try? repository.text("Tests/\($0)") }
        #expect(missing == [])
        let targets = Wall.table.map(\.target).filter { $0.hasSuffix("Tests") }
        #expect(Rules.unequal(map.rowTitles, targets + ["Target", "Invariant", "Guarantee"]) == [])
    }

    @Test func `every target has its row on the map, and every dependency its reason`() throws {
        let map = Document(path: "Sources/README.md", text: try repository.text("Sources/README.md"))
        let targets = Wall.table.map(\.target).filter { !$0.hasSuffix("Tests") }
        #expect(Rules.unequal(map.rowTitles, targets + ["Target"]) == [])
        let decisions = try repository.text("Sources/cube/cube.docc/Decisions.md")
        let table = Document(path: "Decisions.md", text: decisions)
        let dependencies = Rules.dependencies(ofPackage: try repository.text("Package.swift"))
        #expect(Rules.unequal(table.rowTitles, dependencies + ["Dependency"]) == [])
    }
}
