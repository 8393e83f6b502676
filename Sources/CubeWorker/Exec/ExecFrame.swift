/// The numbers of the frames between this worker and the supervisor of a command. The first three are those of the Engine API.
enum ExecFrame {
    // To the supervisor.
    static let input: UInt8 = 0
    static let endOfInput: UInt8 = 4
    /// The payload is `COLUMNS ROWS`.
    static let size: UInt8 = 5

    // From the supervisor.
    static let output: UInt8 = 1
    static let errors: UInt8 = 2
    /// The last frame. The payload is the exit code and, if the command could not be started, a space and the reason.
    static let end: UInt8 = 3
}
