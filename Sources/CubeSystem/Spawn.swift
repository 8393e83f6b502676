import CubeLinux
import Glibc
package import SystemPackage

/// A program to start, with its descriptors and its environment.
package struct Spawn {
    /// A standard stream of the program.
    package enum Stream {
        case descriptor(CInt)
        /// `/dev/null`.
        case null
    }

    /// The path of the program. If ``isSearched`` is `true`, it may be a name that is looked up in this process's `PATH`.
    package var program: String
    package var arguments: [String]
    /// The variables, as `NAME=VALUE`. The program inherits none of this process's environment.
    package var environment: [String]
    package var isSearched = false
    package var input = Stream.null
    package var output = Stream.null
    package var errors = Stream.null
    /// Whether the program leads a session of its own, without a terminal, with all signals at their defaults, and with no
    /// descriptors other than its standard streams.
    package var isApart = false

    package init(_ program: String, _ arguments: [String], environment: [String]) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
    }

    /// Held shared while a program is being started, and exclusively while a file is written that may be executed.
    private static let starting = SharedLock()

    /// Does something while no program is being started by this process. Until it has executed its program, a child has copies of all
    /// open files, and the kernel refuses to execute a file that anything has open for writing.
    package static func withoutStarts<Value>(_ body: () throws -> Value) rethrows -> Value {
        try starting.withExclusiveLock(body)
    }

    /// Starts the program, and returns its process ID.
    ///
    /// - Throws: The error number, also if the program cannot be executed.
    package func start() throws(Errno) -> CInt {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in [input, output, errors].enumerated() {
            switch stream {
            case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, CInt(number))
            case .null:
                posix_spawn_file_actions_addopen(
                    &actions, CInt(number), "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
            }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if isApart {
            cube_spawn_close_from(&actions, 3)
            var signals = sigset_t()
            sigemptyset(&signals)
            posix_spawnattr_setsigmask(&attributes, &signals)
            sigfillset(&signals)
            posix_spawnattr_setsigdefault(&attributes, &signals)
            let flags = CInt(POSIX_SPAWN_SETSIGMASK) | CInt(POSIX_SPAWN_SETSIGDEF) | CInt(cube_spawn_set_session)
            posix_spawnattr_setflags(&attributes, Int16(flags))
        }

        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var process = pid_t()
        // Returns when the child has executed the program.
        let failure = Self.starting.withSharedLock {
            isSearched
                ? posix_spawnp(&process, program, &actions, &attributes, words, variables)
                : posix_spawn(&process, program, &actions, &attributes, words, variables)
        }
        guard failure == 0 else { throw Errno(rawValue: failure) }
        return process
    }
}
