/// The exit codes of the commands. The numbers are part of the public interface.
struct ExitStatus: Hashable {
    let rawValue: Int32

    static let success = ExitStatus(rawValue: 0)
    static let error = ExitStatus(rawValue: 1)
    static let badUsage = ExitStatus(rawValue: 64)

    /// `exec`: `cube exec` itself failed. Lower numbers are those of the command.
    static let execFailed = ExitStatus(rawValue: 125)

    /// `validate`: a manifest is invalid; `diff`: there are differences.
    static let negative = ExitStatus(rawValue: 1)
    /// `validate`: a file could not be read; `diff`: any error.
    static let trouble = ExitStatus(rawValue: 2)
    /// `plan --detailed-exitcode`: the plan contains actions; `upgrade --check`: the release is newer.
    static let changes = ExitStatus(rawValue: 2)

    // `apply`.
    static let stalePlan = ExitStatus(rawValue: 3)
    static let held = ExitStatus(rawValue: 4)
    static let notConverged = ExitStatus(rawValue: 5)
    static let leaseHeld = ExitStatus(rawValue: 6)
}
