import CubeSystem
import CubeTypes
package import SystemPackage

/// The `git` program, as it is called here: with nobody to ask, without hooks, within a time, and with an environment of which
/// every variable is known.
package struct GitProgram: Sendable {
    private let environment: [String: String]
    private let settings: [String]
    private let secrets: [String]
    private let clock: any Clock<Duration>

    /// The variables of this process's environment that git may see: who the user is, and how the network and its keys are
    /// reached. None of them leads git to another repository, as `GIT_DIR` would.
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

    /// Nobody can answer a question at a terminal; no lock is taken for the sake of speed; messages are in English; and no
    /// program is started for a protocol that git does not speak itself.
    private static let fixed = [
        "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GCM_INTERACTIVE": "never",
        "GIT_ALLOW_PROTOCOL": GitRemote.protocols.joined(separator: ":"), "LC_ALL": "C",
    ]

    /// Nothing of the repository or the user is executed, and nothing goes on in the background.
    private static let options = [
        "--no-pager", "--no-replace-objects", "--literal-pathspecs", "-c", "core.hooksPath=/dev/null", "-c",
        "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c",
        "fetch.recurseSubmodules=false",
    ]

    /// In a clone that lacks objects on purpose, git would fetch each one by itself as it comes across it.
    private static let fetchesNothingByItself = "GIT_NO_LAZY_FETCH"

    /// - Parameter environment: that of this process.
    package init(environment: [String: String], clock: any Clock<Duration> = BootClock.timer) {
        self.init(
            environment: Self.environment(from: environment), settings: ["-c", "core.askPass="], secrets: [],
            clock: clock)
    }

    private static func environment(from given: [String: String]) -> [String: String] {
        let passed = Set(passedVariables)
        var environment = given.filter { passed.contains($0.key) }.merging(fixed) { $1 }
        // ssh would ask at a terminal, of which there is none: it asks the program that the user names for it, or nobody.
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

    /// The same for one remote, told by the environment: arguments are seen by every user.
    ///
    /// - Parameter signers: whose signatures count.
    func talking(to remote: GitRemote, signers: CommitSigners?) -> GitProgram {
        var environment = environment
        let told = [("remote.\(GitRemote.name).url", remote.publicURL), remote.access].compactMap { $0 }
        environment["GIT_CONFIG_COUNT"] = "\(told.count)"
        environment[Self.fetchesNothingByItself] = "1"
        for (index, (key, value)) in told.enumerated() {
            environment["GIT_CONFIG_KEY_\(index)"] = key
            environment["GIT_CONFIG_VALUE_\(index)"] = value
        }
        // Without this one, git asks the program of `SSH_ASKPASS` for a password too.
        var settings = environment["SSH_ASKPASS"] == nil ? ["-c", "core.askPass="] : []
        // An empty one accepts nobody, also where the user's own settings name a file.
        if case .keyring? = signers { settings += ["-c", "gpg.ssh.allowedSignersFile=/dev/null"] }
        if case .file(let file)? = signers { settings += ["-c", "gpg.ssh.allowedSignersFile=\(file)"] }
        return GitProgram(environment: environment, settings: settings, secrets: remote.secrets, clock: clock)
    }

    /// The same where objects that the clone lacks are fetched as they are asked for.
    var fetchingWhatLacks: GitProgram {
        var environment = environment
        environment[Self.fetchesNothingByItself] = nil
        return GitProgram(environment: environment, settings: settings, secrets: secrets, clock: clock)
    }

    /// Starts it; what it does is bounded by ``within(_:_:_:_:)``.
    func start(_ arguments: [String]) throws(GitError) -> ChildProcess {
        do throws(Errno) {
            return try ChildProcess("git", Self.options + settings + arguments, environment: environment)
        } catch {
            throw GitError(Self.verb(of: arguments), .notStarted(error))
        }
    }

    /// Runs it to its end. This blocks the thread.
    ///
    /// - Returns: what it wrote.
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

    /// Runs it to its end. This blocks the thread.
    ///
    /// - Returns: the text that it wrote, without the end of its last line.
    func text(_ arguments: [String], within limit: Duration) async throws(GitError) -> String {
        var bytes: [UInt8] = []
        try await run(arguments, within: limit) { bytes += $0 }
        while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Runs a transfer to its end, however long that takes, as long as it goes on. This blocks the thread.
    ///
    /// Git cannot take up a transfer where it was cut off. So what counts is that it makes progress, which it tells on standard
    /// error: one that takes hours is not started over again and again.
    ///
    /// - Parameter patience: it is killed when it told nothing for this long, or for twice as long at most.
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

    /// Waits until there was no activity for a while.
    ///
    /// - Returns: whether that is so; `false` where it was cancelled.
    static func standsStill(for patience: Duration, on clock: any Clock<Duration>, activity: () -> Int) async -> Bool {
        var seen: Int
        repeat {
            seen = activity()
            // It throws when the program was faster.
            guard (try? await clock.sleep(for: patience)) != nil else { return false }
        } while activity() != seen
        return true
    }

    /// Does something with a program that was started, and kills that when it takes too long or nobody waits for it any more.
    func within<Value>(
        _ limit: Duration, _ child: ChildProcess, _ body: () throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        try await watched(
            child,
            by: { [clock] in
                // It throws when the program was faster.
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

    /// Why a program that ended did not do what it should.
    func error(of child: ChildProcess, _ verb: String) -> GitError {
        switch child.ending {
        case .deadline(let limit): GitError(verb, .deadline(limit))
        case .standstill(let span): GitError(verb, .standstill(span))
        case .cancelled: GitError(verb, .cancelled)
        case .done, nil: GitError(verb, .failed(status: child.status, text: withoutSecrets(child.errorText)))
        }
    }

    /// Git itself leaves them out of most of what it says, but not of all.
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

/// Why git did not do what it was asked for.
package struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Cause: Hashable, Sendable {
        case notStarted(Errno)
        case failed(status: Int32, text: String)
        case deadline(Duration)
        case standstill(Duration)
        case cancelled
        /// It answered what cannot be.
        case malformed(String)
    }

    /// What git was to do, such as `fetch`.
    package var verb: String
    package var cause: Cause

    init(_ verb: String, _ cause: Cause) {
        self.verb = verb
        self.cause = cause
    }

    package var description: String {
        switch cause {
        case .notStarted(.noSuchFileOrDirectory): "git is not installed, or not in PATH"
        case .notStarted(let error): "git cannot be started: \(error)"
        case .failed(let status, let text): "git \(verb): \(Self.essence(of: text) ?? "exit status \(status)")"
        case .deadline(let limit): "git \(verb) took longer than \(limit.text)"
        case .standstill(let span): "git \(verb) made no progress for \(span.text)"
        case .cancelled: "git \(verb) was cancelled"
        case .malformed(let what): "git \(verb) answered what cannot be: \(what)"
        }
    }

    /// Whether the remote cannot send a part of a repository: a commit without those before it, or an object by its id.
    var isOfPartialTransfer: Bool {
        guard case .failed(_, let text) = cause else { return false }
        return ["does not support shallow", "unadvertised object", "not our ref"].contains {
            text.lowercased().contains($0)
        }
    }

    /// The line that says most of what git complains of.
    private static func essence(of text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline)
        let line =
            lines.last { $0.hasPrefix("fatal: ") && !$0.hasPrefix("fatal: Could not read from remote") }
            ?? lines.first { $0.hasPrefix("error: ") } ?? lines.first
        return line.map { String($0.trimmingPrefix("fatal: ").trimmingPrefix("error: ").prefix(300)) }
    }
}
