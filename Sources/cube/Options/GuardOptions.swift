import ArgumentParser
import CubeCore
import CubeJSON
import CubeTypes
import SystemPackage

/// Limits on how many names may be pruned without an approval. The manager keeps and enforces them.
struct GuardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Number of names that may always be pruned per window. (CUBE_PRUNE_LIMIT; default: the manager's limit, at first 3)",
            valueName: "names"),
        transform: { try GuardOptions.number($0, in: GuardLimits.counts) })
    var pruneLimit: Int?

    @Option(
        help: ArgumentHelp(
            "Percentage of the owner's names that may be pruned per window, if higher than --prune-limit. (CUBE_PRUNE_PERCENT; default: the manager's limit, at first 10)",
            valueName: "percent"),
        transform: { try GuardOptions.number($0, in: GuardLimits.percents) })
    var prunePercent: Int?

    @Option(
        help: ArgumentHelp(
            "How long a pruned name counts against the limits. (CUBE_PRUNE_WINDOW; default: the manager's, at first 10m)",
            valueName: "duration"
        ),
        transform: GuardOptions.window)
    var pruneWindow: Duration?

    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "JSON file with the same limits, outside the manifests directory; SIGHUP reloads it. (CUBE_CONFIG)",
            valueName: "file"), completion: .file())
    var configOption: String?

    /// The limits to set at the manager. The manager's limits stay in effect where none is given. Flags take precedence over
    /// environment variables, and these over the file.
    ///
    /// - Throws: A `Failure` with every problem if the file is invalid; or if the file is in the manifests directory,
    ///   because a change of the manifests could then relax the limits that protect against it.
    func limits(
        _ place: PlaceOptions, environment: (String) -> String? = Environment.value
    ) throws -> GuardLimits.Choice {
        let flags = GuardLimits.Choice(count: pruneLimit, percent: prunePercent, window: pruneWindow)
        let file = try (configOption ?? environment("CUBE_CONFIG")).map { try Self.read($0, place) }
        return try flags.or(Self.choice(environment)).or(file?.guards ?? GuardLimits.Choice())
    }

    private static func read(_ name: String, _ place: PlaceOptions) throws -> ReconcilerConfiguration {
        let path = FilePath.absolute(name)
        let (real, manifests) = (path.resolvingLinks, place.manifests.resolvingLinks)
        guard !real.starts(with: manifests) else {
            throw Failure(
                "\(name) is in the manifests directory \(place.manifests), where a change of the manifests could relax the guards",
                hint: "move the file out of that directory")
        }
        guard let bytes = try NamedFile.read(path, limit: 1 << 20) else {
            throw Failure("\(name): no such file")
        }
        let (configuration, diagnostics) = ReconcilerConfiguration.decode(bytes, file: name)
        guard diagnostics.isEmpty else {
            throw Failure(diagnostics.map { $0.text(source: bytes) }.joined(separator: "\n"))
        }
        return configuration
    }

    private static func choice(_ environment: (String) -> String?) throws -> GuardLimits.Choice {
        func read<Value>(_ name: String, _ parse: (String) throws -> Value) throws -> Value? {
            guard let text = environment(name) else { return nil }
            do { return try parse(text) } catch let error as ValidationError {
                throw ValidationError("\(name): \(error.message)")
            }
        }
        return GuardLimits.Choice(
            count: try read("CUBE_PRUNE_LIMIT") { try number($0, in: GuardLimits.counts) },
            percent: try read("CUBE_PRUNE_PERCENT") { try number($0, in: GuardLimits.percents) },
            window: try read("CUBE_PRUNE_WINDOW", window))
    }

    private static func number(_ text: String, in bounds: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text), bounds.contains(number) else {
            throw ValidationError(
                "\"\(text)\" must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    private static func window(_ text: String) throws -> Duration {
        let (window, bounds) = (try Duration.parse(text), GuardLimits.windows)
        guard bounds.contains(window) else {
            throw ValidationError("\"\(text)\" must be from \(bounds.lowerBound.text) to \(bounds.upperBound.text)")
        }
        return window
    }
}
