import CubeCore
import CubeJSON
import CubeTypes

extension Schema {
    fileprivate static let side: [String: CanonicalJSON] = [
        "minimum": .integer(Int64(TerminalSize.range.lowerBound)),
        "maximum": .integer(Int64(TerminalSize.range.upperBound)),
    ]
}

extension ExecRequest: DescribedObject {
    static let summary = "A command to run beside the program of a task."
    static let properties: [Property<ExecRequest>] = [
        Property(
            "command", \.command,
            "The program and its arguments. With `env`, at most \(maximumBytes) bytes.", ["minItems": 1]),
        Property(
            "env", \.env,
            "Variables that are added to those of the task, except \(reservedVariables.joined(separator: ", ")).",
            isRequired: false),
        Property("tty", \.tty, "Whether the command has a terminal.", isRequired: false),
        Property("interactive", \.interactive, "Whether the command reads input from the session.", isRequired: false),
        Property("size", \.size, "Size of the terminal at the start. Default: 80 × 24."),
    ]
}

extension TerminalSize: DescribedObject {
    static let summary = "The size of a terminal in characters."
    static let properties: [Property<TerminalSize>] = [
        Property("columns", \.columns, "", Schema.side),
        Property("rows", \.rows, "", Schema.side),
    ]
}

extension ExecSession: DescribedObject {
    static let summary = "A command that runs beside the program of a task."
    static let properties: [Property<ExecSession>] = [
        Property("id", \.id),
        Property("task", \.task),
    ]
}

extension ExecOutput: DescribedObject {
    static let summary = "A part of the output of a command."
    static let properties: [Property<ExecOutput>] = [
        Property("next", \.next, "The value of `after` for the next request."),
        Property("chunks", \.chunks),
        Property("end", \.end, "How the command ended. No output follows."),
    ]
}

extension ExecChunk: DescribedObject {
    static let summary = "Bytes that a command wrote to an output stream."
    static let properties: [Property<ExecChunk>] = [
        Property("stream", \.stream, "The stream; with a terminal, always `stdout`."),
        Property("data", bytes: \.data, "The bytes in Base64."),
    ]
}

extension ExecEnd: DescribedObject {
    static let summary = "How a command ended."
    static let properties: [Property<ExecEnd>] = [
        Property(
            "code", \.code,
            "Exit code; 128 plus the number of a signal, 127 for a program that does not exist, 126 for one that cannot be executed.",
            ["maximum": 255]),
        Property("message", \.message, "Why the command could not be started or was ended."),
    ]
}

extension ExecInput: DescribedObject {
    static let summary = "A part of the input of a command."
    static let properties: [Property<ExecInput>] = [
        Property("offset", \.offset, "The number of bytes of input before this part."),
        Property("data", bytes: \.data, "The bytes in Base64, at most \(maximum).", isRequired: false),
        Property("end", \.end, "Whether the input ends after this part.", isRequired: false),
    ]
}

extension ExecReceipt: DescribedObject {
    static let summary = "How much input a command has received."
    static let properties: [Property<ExecReceipt>] = [
        Property("received", \.received, "The offset of the next part.")
    ]
}

extension ExecStream: Described { static let schema = Schema.words([output, errors].map(\.rawValue)) }
