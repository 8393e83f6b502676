/// The limits of Linux for the arguments and environment of a program.
package enum ProgramLimits {
    /// The maximum length in bytes of one argument, or of one variable as `NAME=value`: `MAX_ARG_STRLEN` without the trailing
    /// NUL.
    package static let stringBytes = 131_071

    /// Whether a text exceeds the limit even if all references in it expand to empty values.
    package static func isTooLong(_ text: String) -> Bool {
        text.utf8.count > stringBytes && TaskEnvironment.expand(text, { _ in "" }).utf8.count > stringBytes
    }

    /// The maximum total size in bytes of all arguments and variables, as the kernel counts them.
    ///
    /// - Parameter stack: the stack limit in bytes; `nil` if there is none.
    package static func totalBytes(stack: Int?) -> Int { max(min((stack ?? .max) / 4, 6 << 20), 1 << 17) }

    /// Returns an error message if a program cannot be started with these arguments and variables, otherwise `nil`. The message
    /// contains no values of variables.
    ///
    /// - Parameters:
    ///   - command: the arguments, as written and as expanded for the program.
    ///   - variables: the whole environment.
    ///   - stack: the stack limit in bytes; `nil` if there is none.
    package static func problem(
        command: [(written: String, expanded: String)], variables: [String: String], stack: Int?
    ) -> String? {
        for (index, argument) in command.enumerated() where argument.expanded.utf8.count > stringBytes {
            return
                "command[\(index)] (\(argument.written.shortened(to: 60))) is \(argument.expanded.utf8.count) bytes long "
                + "after its variables are replaced; the limit of Linux for one argument is \(stringBytes) bytes"
        }
        let sizes = variables.map { (name: $0.key, bytes: $0.key.utf8.count + 1 + $0.value.utf8.count) }
            .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
        if let largest = sizes.first, largest.bytes > stringBytes {
            return "env: the variable \(largest.name.shortened(to: 60)) is \(largest.bytes) bytes long with its name; "
                + "the limit of Linux for one variable is \(stringBytes) bytes"
        }
        // Each string counts with its NUL and a pointer to it. The overhead covers the program's name and data of the kernel.
        let total =
            sizes.reduce(0) { $0 + $1.bytes + 9 } + command.reduce(0) { $0 + $1.expanded.utf8.count + 9 } + overhead
        let limit = totalBytes(stack: stack)
        guard total > limit else { return nil }
        let largest = sizes.prefix(3).map { "\($0.name.shortened(to: 60)) (\($0.bytes))" }.joined(separator: ", ")
        return
            "command and environment have \(total) bytes in total; the limit on this machine is \(limit) bytes, a quarter of "
            + "the stack limit; the largest variables are \(largest)"
    }

    private static let overhead = 8192
}
