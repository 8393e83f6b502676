import ArgumentParser
import CubeCore
import CubeJSON
import FoundationEssentials
import Glibc

/// Measures parts of Cube in this process, each beside a floor or a peer.
struct FigureBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "figures", abstract: "Measure parts of Cube beside a floor or a peer in the same run.",
        discussion: """
            The parts and their floors take turns, so that a busy machine slows down both. README.md beside the sources of
            this program explains the figures.
            """)

    enum Output: String, ExpressibleByArgument, CaseIterable { case table, json }

    @Flag(help: "Measure so little that the figures say nothing, to see whether the benchmarks work.") var quick = false
    @Option(help: "Number of repetitions.") var repetitions = 12
    @Option(help: "Number of manifests beside those whose reaction is measured.") var loaded = 0
    @Option(help: "Number of tasks that figures k and m need.") var tasks = 1_000
    @Option(help: "Seconds for which idle tasks are watched.") var idle = 60
    @Option(help: "Number of tasks that figures h and o need.") var clusterTasks = 50_000
    @Option(help: "Number of simulated nodes on which those tasks run.") var nodes = 500
    @Option(help: ArgumentHelp("Only these figures, such as a,e.", valueName: "letters")) var only: String?
    @Option(name: .shortAndLong, help: "Form of the output: table or json.") var output = Output.table

    func validate() throws {
        guard repetitions >= 10 else { throw ValidationError("--repetitions must be at least 10, not \(repetitions)") }
        guard loaded >= 0 else { throw ValidationError("--loaded must be at least 0, not \(loaded)") }
        guard tasks > 0 else { throw ValidationError("--tasks must be above 0, not \(tasks)") }
        guard idle > 0 else { throw ValidationError("--idle must be above 0, not \(idle)") }
        guard clusterTasks >= 10 else {
            throw ValidationError("--cluster-tasks must be at least 10, not \(clusterTasks)")
        }
        guard (1...65_536).contains(nodes) else {
            throw ValidationError("--nodes must be from 1 to 65536, not \(nodes)")
        }
        for letter in letters where !Self.letters.contains(letter) {
            throw ValidationError(
                "--only: there is no figure \(letter); choose among \(Self.letters.joined(separator: ", "))")
        }
    }

    /// The measurements, each of which prints the figures of one letter or more.
    private static let measurements:
        [(letters: [String], figures: @Sendable (FigureBenchmark) async throws -> [Figure])] = [
            (["a"], { try $0.reading() }),
            (
                ["b"],
                { try await ColdStartBenchmark(manifests: $0.quick ? 20 : 100_000, repetitions: $0.count).figures() }
            ),
            (
                ["c"],
                {
                    try await PassBenchmark(
                        counts: $0.quick ? [10, 40] : [1_000, 10_000, 100_000], repetitions: $0.count
                    ).figures()
                }
            ),
            (
                ["d"],
                { try await RescanBenchmark(files: $0.quick ? 200 : 100_000, repetitions: $0.count).figures() }
            ),
            (
                ["e"],
                { try await ReactionBenchmark(loaded: $0.loaded, repetitions: $0.quick ? 2 : $0.repetitions).figures() }
            ),
            (
                ["f"],
                {
                    try await DeclareBenchmark(counts: $0.quick ? [20] : [100, 1_000, 10_000], repetitions: $0.count)
                        .figures()
                }
            ),
            (
                ["g"],
                {
                    try PlacementBenchmark(
                        counts: $0.quick ? [20] : [1_000, 5_000, 10_000], tasks: $0.quick ? 100 : 20_000,
                        repetitions: $0.count
                    ).figures()
                }
            ),
            (
                ["h"],
                {
                    try await ClusterBenchmark(
                        tasks: $0.quick ? 100 : $0.clusterTasks, nodes: $0.quick ? 5 : $0.nodes
                    ).figures()
                }
            ),
            (
                ["i", "j"],
                { try await ServingBenchmark(requests: $0.quick ? 64 : 2_000, repetitions: $0.count).figures() }
            ),
            (
                ["k", "m"],
                {
                    try await IdleBenchmark(
                        manifests: $0.quick ? 100 : 20_000, tasks: $0.quick ? 3 : $0.tasks,
                        seconds: $0.quick ? 1 : $0.idle
                    ).figures()
                }
            ),
            (["l"], { try await StartBenchmark(tasks: $0.quick ? 5 : 500, repetitions: $0.count).figures() }),
            (["n"], { try await ColdStartBenchmark(manifests: 0, repetitions: $0.count).emptyFigures() }),
            (
                ["o"],
                {
                    try await RestartBenchmark(
                        tasks: $0.quick ? 100 : $0.clusterTasks, nodes: $0.quick ? 5 : $0.nodes, repetitions: $0.count
                    ).figures()
                }
            ),
            (
                ["p"],
                { try await CallComparison.figures(calls: $0.quick ? 10 : 1_000, repetitions: $0.count) }
            ),
        ]

    private static let letters = measurements.flatMap(\.letters)

    /// The programs that figures need and that do not belong to Cube.
    private static let programs = ["c": "strace", "d": "git"]

    private var letters: [String] { only?.split(separator: ",").map(String.init) ?? Self.letters }

    /// The number of repetitions of a measurement that takes long.
    private var count: Int { quick ? 1 : repetitions }

    func run() async throws {
        // A missing program ends the run before it begins.
        for letter in letters { if let program = Self.programs[letter] { _ = try MeasuredProgram.path(of: program) } }
        var figures: [Figure] = []
        for measurement in Self.measurements where measurement.letters.contains(where: letters.contains) {
            let new = try await measurement.figures(self)
            if output == .table { for figure in new { print(figure.line) } }
            figures += new
            try RunningCube.removeDirectories()
        }
        switch output {
        case .table: break
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(figures), as: UTF8.self))
        }
    }

    private func reading() throws -> [Figure] {
        let manifests = (0..<(quick ? 20 : 20_000)).map(Self.manifest)
        return [
            try compare(
                id: "a", "manifests into workloads with digests",
                part(manifests) { bytes in
                    let file = ManifestDecoder.decode(bytes, file: "web.json")
                    guard file.workloads.count == 1 else { throw ValidationError("\(file.diagnostics)") }
                },
                against: "JSONDecoder",
                part(manifests) { _ = try JSONDecoder().decode(Plain.self, from: Data($0)) },
                aim: "≥ 150 MB/s and ≥ 10 ×"
            ) { $0 >= 150 && $1 >= 10 },
            try compare(
                id: "a1", "the same manifests as JSON, no fields",
                part(manifests) { _ = try JSONDocument(reading: $0) }, against: "a pass over the bytes",
                part(manifests) { bytes in
                    // The sum is used, so that the pass is not optimised away.
                    guard bytes.reduce(0, { $0 &+ Int($1) }) > 0 else { throw ValidationError("no bytes") }
                },
                aim: "≥ 150 MB/s"
            ) { figure, _ in figure >= 150 },
        ]
    }

    /// A manifest of about 250 bytes.
    static func manifest(_ number: Int) -> [UInt8] {
        Array(
            """
            {
              "name": "service-\(number)",
              "command": ["/usr/bin/web", "--port", "$(PORT_HTTP)", "--shard", "\(number)"],
              "env": {"LOG_LEVEL": "info", "SHARD": "\(number)"},
              "memory": "64MiB",
              "cpu": 0.1,
              "ports": [{"name": "http"}],
              "suspend": true
            }

            """.utf8)
    }

    /// Writes a manifest to a file. `Data.write` would make it durable, which takes minutes for 100,000 files.
    static func write(manifest number: Int, to path: String) throws {
        let (bytes, file) = (manifest(number), open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600))
        defer { close(file) }
        guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw ValidationError("cannot write \(path)")
        }
    }

    /// The same manifest for a decoder of Foundation, without checks and digests.
    private struct Plain: Decodable {
        var name: String
        var command: [String]
        var env: [String: String]
        var memory: String
        var cpu: Double
        var ports: [[String: String]]
        var suspend: Bool
    }

    private func part(_ manifests: [[UInt8]], _ body: @escaping ([UInt8]) throws -> Void) -> MeasuredPart {
        MeasuredPart(bytes: manifests.reduce(0) { $0 + $1.count }) { for manifest in manifests { try body(manifest) } }
    }

    /// Measures a part and what it is compared with alternately.
    private func compare(
        id: String, _ name: String, _ part: MeasuredPart, against peer: String, _ floor: MeasuredPart, aim: String,
        isMet: (_ figure: Double, _ ratio: Double) -> Bool
    ) throws -> Figure {
        var (speeds, floors, cores): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<repetitions {
            let measured = try part.measure()
            speeds.append(measured.speed)
            cores.append(measured.cores)
            floors.append(try floor.measure().speed)
        }
        let slowest = speeds.sorted()[speeds.count / 100]
        let ratio = speeds.median / floors.median
        return Figure(
            id: id, name: name, figure: speeds.median, p99: slowest, unit: "MB/s", cores: cores.median, against: peer,
            floor: floors.median, ratio: ratio, aim: aim, met: isMet(speeds.median, ratio))
    }
}
