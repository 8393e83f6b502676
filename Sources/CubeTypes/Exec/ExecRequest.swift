/// A command to run beside the program of a task: the body of `PUT /tasks/{id}/exec/{session}`. The call is idempotent by the id of
/// the session.
///
/// - Since: 0.1
public struct ExecRequest: Codable, Hashable, Sendable {
    /// The program and its arguments. References to variables are not expanded.
    public var command: [String]
    /// Variables in addition to those of the task, which they override. `CUBE_NAME`, `CUBE_ORDINAL`, `CUBE_OWNER`, `CUBE_TASK_ID` and
    /// `CUBE_EXEC` are refused.
    public var env: [String: String]
    /// Whether the command has a terminal of its own. Its standard output and standard error are then one stream.
    public var tty: Bool
    /// Whether the command reads input from the session; otherwise, its standard input is empty.
    public var interactive: Bool
    /// The size of the terminal at the start; `nil` for 80 × 24.
    public var size: TerminalSize?

    public init(
        command: [String], env: [String: String] = [:], tty: Bool = false, interactive: Bool = false,
        size: TerminalSize? = nil
    ) {
        self.command = command
        self.env = env
        self.tty = tty
        self.interactive = interactive
        self.size = size
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        command = try container.decode([String].self, forKey: .command)
        env = try container.decodeIfPresent([String: String].self, forKey: .env) ?? [:]
        tty = try container.decodeIfPresent(Bool.self, forKey: .tty) ?? false
        interactive = try container.decodeIfPresent(Bool.self, forKey: .interactive) ?? false
        size = try container.decodeIfPresent(TerminalSize.self, forKey: .size)
    }
}

/// The size of a terminal in characters.
///
/// - Since: 0.1
public struct TerminalSize: Codable, Hashable, Sendable {
    /// 1 to 65,535.
    public var columns: Int
    /// 1 to 65,535.
    public var rows: Int

    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}
