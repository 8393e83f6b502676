import CubeCore
import CubeErrors
import CubeText
import CubeTransport

/// Why a command fails: a message, an optional hint, and the exit code.
struct Failure: Error {
    var message: String
    var hint: String?
    /// The exit code; `nil` selects the command's own code for errors.
    var exitCode: ExitStatus?

    init(_ message: String, hint: String? = nil, exitCode: ExitStatus? = nil) {
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
    }

    /// Converts any error.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as APIError: self.init(error.message, hint: Self.hint(for: error))
        default: self.init(String(describing: error))
        }
    }

    /// The lines to print. A message can have several lines, such as a marked location in a file.
    var lines: [TextLine] {
        var lines = TextLine.lines(of: message)
        lines[0] = "\("error:", .red) \(lines[0])"
        if let context = ContextInUse.line { lines.append(context) }
        if let hint { lines.append("\("hint:", .cyan) \(hint)") }
        return lines
    }

    private static func hint(for error: APIError) -> String? {
        switch error.reason {
        case .unavailable where error.isOfUnnamedAuthority:
            "`cube manager token create NAME --role ROLE` on the machine of the manager prints a token with the fingerprint"
        case .unavailable, .timeout:
            "start a manager here with `cube up`, or select another one with --manager or CUBE_MANAGER"
        case .unauthorized, .forbidden:
            "log in with `cube login`, or set CUBE_TOKEN to a token of the manager, or --token-file to a file with one"
        case .tokenNotFound: "`cube manager token list` lists the tokens"
        case .ownerTaken: "`cube owner claim` binds the owner to this source of manifests"
        case .holdNotFound: "`cube status` lists the held changes and their digests"
        case .locked:
            switch error.details?["holder"] {
            case nil: "another process listens on this address; port 0 picks a free port"
            case let holder? where holder.hasPrefix("cube up,"):
                "`cube status` shows what it is doing; end it with Ctrl-C or `cube down`"
            case _?: "end it first, with Ctrl-C or through its systemd unit"
            }
        case .taskNotFound: "`cube task list` lists the tasks"
        case .ownerNotFound: "`cube owner list` lists the owners"
        case .workerNotFound: "`cube node list` lists the nodes"
        case .foreignCluster:
            "no task was stopped; restore the old cluster with `cube manager restore FILE`, or make this data directory forget "
                + "it with `cube worker rejoin`"
        default: nil
        }
    }
}
