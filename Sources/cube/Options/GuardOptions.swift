import ArgumentParser
import CubeCore
import CubeJSON
import CubeTypes
import SystemPackage

/// How much may go without a person's word.
struct GuardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How many names may be pruned within the window in any case. (CUBE_PRUNE_LIMIT; default: 3)",
            valueName: "names"),
        transform: { try GuardOptions.number($0, in: GuardLimits.counts) })
    var pruneLimit: Int?

    @Option(
        help: ArgumentHelp(
            "How many of each hundred names may be, where that is more. (CUBE_PRUNE_PERCENT; default: 10)",
            valueName: "percent"),
        transform: { try GuardOptions.number($0, in: GuardLimits.percents) })
    var prunePercent: Int?

    @Option(
        help: ArgumentHelp("For how long a prune counts. (CUBE_PRUNE_WINDOW; default: 10m)", valueName: "duration"),
        transform: GuardOptions.window)
    var pruneWindow: Duration?

    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "A JSON file that says the same, outside of the manifests; SIGHUP reads it again. (CUBE_CONFIG)",
            valueName: "file"), completion: .file())
    var configOption: String?

    /// What holds: a flag before the environment, that before the file.
    ///
    /// - Throws: where the file is not valid, with every problem; or where it lies among the manifests, which could then relax
    ///   what protects from them.
    func limits(
        _ place: PlaceOptions, environment: (String) -> String? = Environment.value
    ) throws -> GuardLimits {
        let flags = GuardLimits.Choice(count: pruneLimit, percent: prunePercent, window: pruneWindow)
        let file = try (configOption ?? environment("CUBE_CONFIG")).map { try Self.read($0, place) }
        return try flags.or(Self.choice(environment)).or(file?.guards ?? GuardLimits.Choice()).limits
    }

    private static func read(_ name: String, _ place: PlaceOptions) throws -> ReconcilerConfiguration {
        let path = FilePath.absolute(name)
        let (real, manifests) = (path.resolvingLinks, place.manifests.resolvingLinks)
        guard !real.starts(with: manifests) else {
            throw Failure(
                "\(name) lies in \(place.manifests): manifests must not relax what protects from them",
                hint: "put it beside that directory")
        }
        guard let bytes = try AtomicFile.read(path, limit: 1 << 20) else {
            throw Failure("\(name): there is no such file")
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
