import CubeCore
import CubeImport
import Testing

/// Compose files with the constructs that public ones use most.
@Suite struct FixtureTests {
    @Test(arguments: Fixture.all)
    func `the import of a Compose project gives the expected manifests, files and notes`(fixture: Fixture) throws {
        try fixture.compare(fixture.imported().text)
    }

    @Test(arguments: Fixture.all)
    func `every manifest of an import is valid`(fixture: Fixture) throws {
        let result = try fixture.imported(profiles: ["*"])
        #expect(result.isInvalid == (fixture.name == "errors"))
        for manifest in result.manifests {
            #expect(manifest.problems(beside: result.files) == [], "\(manifest.fileName)")
        }
    }

    @Test func `the environment files of an import have the values that Compose gives the variables`() throws {
        let result = try #require(Fixture.all.first { $0.name == "blog" }).imported()
        let values = try result.files.filter { $0.path.hasSuffix(".env") }.map {
            try EnvironmentFile.read($0.bytes).get()
        }
        #expect(
            values == [
                ["WORDPRESS_DB_NAME": "blog", "WORDPRESS_CONFIG_EXTRA": "define(\"A\", 1);\ndefine(\"B\", $b);"],
                [
                    "MARIADB_DATABASE": "blog", "MARIADB_USER": "blog", "MARIADB_PASSWORD": "quo\"ted $1",
                    "MARIADB_RANDOM_ROOT_PASSWORD": "yes",
                ],
            ])
    }
}
