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
        _ = try kinds
        _ = try Self.socket
    }

    /// The kinds of tasks that the worker runs.
    var kinds: Set<RuntimeKind> {
        get throws {
            switch try choice {
            case .auto: [.process, .docker]
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

    /// The Unix socket in `DOCKER_HOST`; `nil` if the variable is unset.
    static var socket: FilePath? {
        get throws {
            guard let host = Environment.value("DOCKER_HOST") else { return nil }
            guard host.hasPrefix("unix:///") else {
                throw ValidationError(
                    "DOCKER_HOST: \"\(host)\" must be unix://PATH: a worker runs containers only on its own machine")
            }
            return FilePath(String(host.dropFirst("unix://".count)))
        }
    }
}
