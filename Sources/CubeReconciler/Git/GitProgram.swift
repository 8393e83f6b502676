import CubeSystem
import CubeTypes
package import SystemPackage

/// Runs the `git` program without prompts and hooks, with a time limit, and with an environment in which every variable
/// is known.
package struct GitProgram: Sendable {
    private let environment: [String: String]
    private let settings: [String]
    private let secrets: [String]
    private let clock: any Clock<Duration>

    /// The variables of this process's environment that git may see: the identity of the user, and access to networks
    /// and keys. None of them can redirect git to another repository, as `GIT_DIR` would.
    package static let passedVariables = [
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS",
        "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "GNUPGHOME", "KRB5CCNAME", "KRB5_CONFIG",
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE",
        "GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT",
        "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_SSL_NO_VERIFY", "GIT_SSL_VERSION",
        "GIT_SSL_CIPHER_LIST", "GIT_PROXY_SSL_CAINFO", "GIT_PROXY_SSL_CERT", "GIT_PROXY_SSL_KEY",
        "GIT_HTTP_PROXY_AUTHMETHOD", "GIT_HTTP_USER_AGENT", "GIT_HTTP_LOW_SPEED_LIMIT", "GIT_HTTP_LOW_SPEED_TIME",
        "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
    ]

    /// Disables terminal prompts and optional locks, selects English messages, and forbids protocols that git
    /// implements with external programs.
    private static let fixed = [
        "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GCM_INTERACTIVE": "never",
        "GIT_ALLOW_PROTOCOL": GitRemote.protocols.joined(separator: ":"), "LC_ALL": "C",
    ]

    /// Disables hooks, pagers and background work, so that git executes no code of the repository or the user.
    private static let options = [
        "--no-pager", "--no-replace-objects", "--literal-pathspecs", "-c", "core.hooksPath=/dev/null", "-c",
        "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c",
        "fetch.recurseSubmodules=false",
    ]

    /// Disables lazy fetching: in a partial clone, git would otherwise fetch each missing object separately.
    private static let noLazyFetch = "GIT_NO_LAZY_FETCH"

    /// - Parameter environment: The environment of this process.
    package init(environment: [String: String], clock: any Clock<Duration> = BootClock.timer) {
        self.init(
            environment: Self.environment(from: environment), settings: ["-c", "core.askPass="], secrets: [],
            clock: clock)
    }

    private static func environment(from given: [String: String]) -> [String: String] {
        let passed = Set(passedVariables)
        var environment = given.filter { passed.contains($0.key) }.merging(fixed) { $1 }
        // ssh has no terminal to prompt on. It may only ask the program that the user configured for that.
        let standard = environment["SSH_ASKPASS", default: ""].isEmpty ? "never" : "force"
        environment["SSH_ASKPASS_REQUIRE"] = environment["SSH_ASKPASS_REQUIRE"] ?? standard
        return environment
    }

    private init(environment: [String: String], settings: [String], secrets: [String], clock: any Clock<Duration>) {
        self.environment = environment
        self.settings = settings
        self.secrets = secrets
        self.clock = clock
    }

    /// Returns a copy for one remote. The remote is configured through the environment, as every user can see
    /// arguments.
    ///
    /// - Parameter signers: The signers whose commits are accepted.
    func talking(to remote: GitRemote, signers: CommitSigners?) -> GitProgram {
        var environment = environment
        let settings = [("remote.\(GitRemote.name).url", remote.publicURL), remote.access].compactMap { $0 }
        environment["GIT_CONFIG_COUNT"] = "\(settings.count)"
        environment[Self.noLazyFetch] = "1"
        for (index, (key, value)) in settings.enumerated() {
            environment["GIT_CONFIG_KEY_\(index)"] = key
            environment["GIT_CONFIG_VALUE_\(index)"] = value
        }
        // If `SSH_ASKPASS` is set, git may ask that program for passwords too, so `core.askPass` stays unset.
        var options = environment["SSH_ASKPASS"] == nil ? ["-c", "core.askPass="] : []
        // An empty file accepts no signer, even if the user's configuration names another file.
        if case .keyring? = signers { options += ["-c", "gpg.ssh.allowedSignersFile=/dev/null"] }
        if case .file(let file)? = signers { options += ["-c", "gpg.ssh.allowedSignersFile=\(file)"] }
        return GitProgram(environment: environment, settings: options, secrets: remote.secrets, clock: clock)
    }

    /// Returns a copy that fetches missing objects of a partial clone on demand.
    var fetchingMissingObjects: GitProgram {
        var environment = environment
        environment[Self.noLazyFetch] = nil
        return GitProgram(environment: environment, settings: settings, secrets: secrets, clock: clock)
    }

    /// Starts git. Use ``within(_:_:_:_:)`` to limit its run time.
    func start(_ arguments: [String]) throws(GitError) -> ChildProcess {
        do throws(Errno) {
            return try ChildProcess("git", Self.options + settings + arguments, environment: environment)
        } catch {
            throw GitError(Self.verb(of: arguments), .notStarted(error))
        }
    }

    /// Runs git to completion. Blocks the thread.
    ///
    /// - Parameter receive: Consumes the output.
    func run(
        _ arguments: [String], within limit: Duration, receive: (UnsafeRawBufferPointer) -> Void
    ) async throws(GitError) {
        let child = try start(arguments)
        child.closeInput()
        try await within(limit, child) { () throws(GitError) in
            _ = child.exchange { bytes in
                receive(bytes)
                return false
            }
            guard child.status == 0 else { throw error(of: child, Self.verb(of: arguments)) }
        }
    }

    /// Runs git to completion. Blocks the thread.
    ///
    /// - Returns: The output without trailing newlines.
    func text(_ arguments: [String], within limit: Duration) async throws(GitError) -> String {
        var bytes: [UInt8] = []
        try await run(arguments, within: limit) { bytes += $0 }
        while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Runs a transfer to completion, as long as it makes progress. Blocks the thread.
    ///
    /// Git cannot resume an interrupted transfer, so a limit on the total time could restart a long transfer forever.
    /// The limit applies to progress instead, which git reports on standard error.
    ///
    /// - Parameter patience: The time without progress after which the transfer is killed; at most twice as long.
    func transfer(_ arguments: [String], patience: Duration) async throws(GitError) {
        let child = try start(arguments)
        child.closeInput()
        try await watched(
            child,
            by: { [clock] in
                guard await Self.standsStill(for: patience, on: clock, activity: { child.activity }) else { return }
                child.kill(.standstill(patience))
            }
        ) { () throws(GitError) in
            _ = child.exchange { _ in false }
            guard child.status == 0 else { throw error(of: child, Self.verb(of: arguments)) }
        }
    }

    /// Waits until there was no activity for `patience`.
    ///
    /// - Returns: `true` if there was none; `false` if the wait was cancelled.
    static func standsStill(for patience: Duration, on clock: any Clock<Duration>, activity: () -> Int) async -> Bool {
        var seen: Int
        repeat {
            seen = activity()
            // The sleep throws if the program ended first.
            guard (try? await clock.sleep(for: patience)) != nil else { return false }
        } while activity() != seen
        return true
    }

    /// Runs `body` with a started program. Kills the program when the time limit expires or the calling task is
    /// cancelled.
    func within<Value>(
        _ limit: Duration, _ child: ChildProcess, _ body: () throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        try await watched(
            child,
            by: { [clock] in
                // The sleep throws if the program ended first.
                guard (try? await clock.sleep(for: limit)) != nil else { return }
                child.kill(.deadline(limit))
            }, body)
    }

    private func watched<Value>(
        _ child: ChildProcess, by watch: @escaping @Sendable () async -> Void, _ body: () throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let outcome = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group -> Result<Value, GitError> in
                group.addTask { await watch() }
                let outcome = Result(catching: body)
                group.cancelAll()
                return outcome
            }
        } onCancel: {
            child.kill(.cancelled)
        }
        return try outcome.get()
    }

    /// Returns the error of a program that ended without success.
    func error(of child: ChildProcess, _ verb: String) -> GitError {
        switch child.ending {
        case .deadline(let limit): GitError(verb, .deadline(limit))
        case .standstill(let span): GitError(verb, .standstill(span))
        case .cancelled: GitError(verb, .cancelled)
        case .done, nil: GitError(verb, .failed(status: child.status, text: withoutSecrets(child.errorText)))
        }
    }

    /// Git removes credentials from most of its messages, but not from all.
    private func withoutSecrets(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "***") }
    }

    private static func verb(of arguments: [String]) -> String {
        var words = arguments[...]
        while let word = words.popFirst() {
            if ["-C", "-c"].contains(word) { words = words.dropFirst() } else if !word.hasPrefix("-") { return word }
        }
        return ""
    }
}

/// The reason for which a git command failed.
package struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Cause: Hashable, Sendable {
        case notStarted(Errno)
        case failed(status: Int32, text: String)
        case deadline(Duration)
        case standstill(Duration)
        case cancelled
        /// The output of git is malformed.
        case malformed(String)
    }

    /// The git command, such as `fetch`.
    package var verb: String
    package var cause: Cause

    init(_ verb: String, _ cause: Cause) {
        self.verb = verb
        self.cause = cause
    }

    package var description: String {
        switch cause {
        case .notStarted(.noSuchFileOrDirectory): "git is not installed or not in PATH"
        case .notStarted(let error): "cannot start git: \(error)"
        case .failed(let status, let text): "git \(verb): \(Self.mostSpecificLine(of: text) ?? "exit status \(status)")"
        case .deadline(let limit): "git \(verb) took longer than \(limit.text)"
        case .standstill(let span): "git \(verb) made no progress for \(span.text)"
        case .cancelled: "git \(verb) was cancelled"
        case .malformed(let what): "git \(verb) returned malformed output: \(what)"
        }
    }

    /// Whether the remote does not support a partial transfer: a shallow fetch, or fetching an object by its id.
    var isOfPartialTransfer: Bool {
        guard case .failed(_, let text) = cause else { return false }
        return ["does not support shallow", "unadvertised object", "not our ref"].contains {
            text.lowercased().contains($0)
        }
    }

    /// Returns the most specific line of git's error output.
    private static func mostSpecificLine(of text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline)
        let line =
            lines.last { $0.hasPrefix("fatal: ") && !$0.hasPrefix("fatal: Could not read from remote") }
            ?? lines.first { $0.hasPrefix("error: ") } ?? lines.first
        return line.map { String($0.trimmingPrefix("fatal: ").trimmingPrefix("error: ").prefix(300)) }
    }
}
