import ArgumentParser
import CubeCore
import SystemPackage

/// The runtimes of a worker, and the container engine that it uses.
struct RuntimeOptions: ParsableArguments {
    enum Choice: String, CaseIterable, ExpressibleByArgument {
        case auto, docker, process
    }

    @Option(
        name: .customLong("runtime"),
        help: ArgumentHelp(
            "What the node runs: `process`, `docker` (containers of Docker or Podman), or `auto` for both. The engine is the one "
                + "in DOCKER_HOST (unix://PATH), otherwise the one used before, otherwise the first of the usual sockets of "
                + "Docker and Podman that exists. "
                + "(CUBE_RUNTIME; default: auto)",
            valueName: "kind"))
    var runtimeOption: Choice?

    func validate() throws {
        guard try choice == .docker, let host = Self.unusableHost else { return }
        throw ValidationError(
            "DOCKER_HOST: \"\(host)\" must be unix://PATH, because a worker runs containers only on its own machine")
    }

    /// The kinds of tasks that the worker runs.
    var kinds: Set<RuntimeKind> {
        get throws {
            switch try choice {
            case .auto: Self.unusableHost == nil ? [.process, .docker] : [.process]
            case .docker: [.docker]
            case .process: [.process]
            }
        }
    }

    private var choice: Choice {
        get throws {
            if let runtimeOption { return runtimeOption }
            guard let text = Environment.value("CUBE_RUNTIME") else { return .auto }
            guard let choice = Choice(rawValue: text) else {
                throw ValidationError("CUBE_RUNTIME: \"\(text)\" must be auto, docker or process")
            }
            return choice
        }
    }

    /// The Unix socket in `DOCKER_HOST`; `nil` if the variable names none.
    static var socket: FilePath? {
        guard let host = Environment.value("DOCKER_HOST"), unusableHost == nil else { return nil }
        return FilePath(String(host.dropFirst(scheme.count)))
    }

    private static let scheme = "unix://"

    /// The value of `DOCKER_HOST` if it is an engine that is not reached through a Unix socket.
    private static var unusableHost: String? {
        Environment.value("DOCKER_HOST").flatMap { $0.hasPrefix(scheme + "/") ? nil : $0 }
    }
}
