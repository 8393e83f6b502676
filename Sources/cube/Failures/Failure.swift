import CubeCore
import CubeErrors
import CubeText

/// Why a command ends without success: one line, where it helps a hint, and the exit code.
struct Failure: Error {
    var message: String
    var hint: String?
    /// `nil`: the code that the command has for errors.
    var exitCode: ExitStatus?

    init(_ message: String, hint: String? = nil, exitCode: ExitStatus? = nil) {
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
    }

    /// Any error in the words of the command line.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as APIError: self.init(error.message, hint: Self.hint(for: error))
        default: self.init(String(describing: error))
        }
    }

    /// As it is shown. A message may have lines of its own, such as those that mark a place in a file.
    var lines: [TextLine] {
        var lines = TextLine.lines(of: message)
        lines[0] = "\("error:", .red) \(lines[0])"
        if let hint { lines.append("\("hint:", .cyan) \(hint)") }
        return lines
    }

    private static func hint(for error: APIError) -> String? {
        switch error.reason {
        case .unavailable, .timeout: "`cube up` starts a manager here; --manager or CUBE_MANAGER names another one"
        case .unauthorized, .forbidden: "--token-file or CUBE_TOKEN_FILE names a file with the manager's token"
        case .ownerTaken: "`cube owner claim` binds the owner to this directory of manifests"
        case .holdNotFound: "`cube status` lists what is held, with the digest that approves it"
        case .locked:
            error.details?["holder"] == nil
                ? "something else listens there; port 0 asks for a free one"
                : "`cube status` says what it does; Ctrl-C where it runs, or `cube down`, ends it"
        case .taskNotFound: "`cube task list` lists the tasks"
        case .ownerNotFound: "`cube owner list` lists the owners"
        case .workerNotFound: "`cube node list` lists the nodes"
        case .foreignCluster:
            "nothing was stopped; `cube manager restore FILE` brings the old cluster back, `cube worker rejoin` has this "
                + "data directory forget it"
        default: nil
        }
    }
}
