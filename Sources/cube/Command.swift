import ArgumentParser

/// A subcommand of `cube`, with the exit code that it uses for errors.
protocol Command: AsyncParsableCommand {
    static var statusOfErrors: ExitStatus { get }
}

extension Command {
    static var statusOfErrors: ExitStatus { .error }
}

/// Keeps a large value until the process ends, which returns all of its memory at once. To free each part of it takes longer.
func keepUntilExit(_ value: some Any) { _ = Unmanaged.passRetained(Kept(value: value)) }

private final class Kept {
    let value: Any

    init(value: Any) { self.value = value }
}
