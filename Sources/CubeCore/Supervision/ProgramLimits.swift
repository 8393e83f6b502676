/// How much a program can be given at its start, on Linux.
package enum ProgramLimits {
    /// Of one argument, or of one variable as `NAME=value`, in bytes: `MAX_ARG_STRLEN` without the NUL at its end.
    package static let stringBytes = 131_071

    /// Whether no program can be given a text, whatever its references stand for.
    package static func isTooLong(_ text: String) -> Bool {
        text.utf8.count > stringBytes && TaskEnvironment.expand(text, { _ in "" }).utf8.count > stringBytes
    }

    /// How much all arguments and variables may take together, in bytes, as the kernel counts them.
    ///
    /// - Parameter stack: the limit of the stack, in bytes; `nil` where there is none.
    package static func totalBytes(stack: Int?) -> Int { max(min((stack ?? .max) / 4, 6 << 20), 1 << 17) }

    /// Why a program cannot be started with what it is given; `nil` where it can. No value is in it.
    ///
    /// - Parameters:
    ///   - command: the arguments as they were written and as the program gets them.
    ///   - variables: the whole environment.
    ///   - stack: the limit of the stack, in bytes; `nil` where there is none.
    package static func problem(
        command: [(written: String, expanded: String)], variables: [String: String], stack: Int?
    ) -> String? {
        for (index, argument) in command.enumerated() where argument.expanded.utf8.count > stringBytes {
            return
                "command[\(index)] (\(argument.written.shortened(to: 60))) is \(argument.expanded.utf8.count) bytes long "
                + "with its variables replaced; a program is given at most \(stringBytes) in one argument"
        }
        let sizes = variables.map { (name: $0.key, bytes: $0.key.utf8.count + 1 + $0.value.utf8.count) }
            .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
        if let largest = sizes.first, largest.bytes > stringBytes {
            return "env: the variable \(largest.name.shortened(to: 60)) is \(largest.bytes) bytes long with its name; "
                + "a program is given at most \(stringBytes) in one variable"
        }
        // Each with its NUL and a pointer to it; and the name of the program with what the kernel itself adds.
        let total =
            sizes.reduce(0) { $0 + $1.bytes + 9 } + command.reduce(0) { $0 + $1.expanded.utf8.count + 9 } + overhead
        let limit = totalBytes(stack: stack)
        guard total > limit else { return nil }
        let largest = sizes.prefix(3).map { "\($0.name.shortened(to: 60)) (\($0.bytes))" }.joined(separator: ", ")
        return
            "command and environment take \(total) bytes together, and this machine gives a program at most \(limit), "
            + "a quarter of its stack limit; the largest variables are \(largest)"
    }

    private static let overhead = 8192
}
