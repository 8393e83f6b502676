import CubeText
import CubeTypes
import CubeWorker

/// A container engine must respond to this user; only tasks with an image need one.
struct EngineCheck: Check {
    var access: EngineAccess

    let title = "engine"
    var verdict: Verdict {
        switch access {
        case .absent:
            .warning(
                "no container engine, so tasks with \"image\" cannot run here",
                hint: "install Docker or Podman if you need them, or set DOCKER_HOST to unix://PATH")
        case .forbidden(let socket):
            .warning(
                "this user may not use the container engine at \(socket)",
                hint: "run the worker as root, or add its user to the group of the socket, which is as powerful as root"
            )
        case .failing(let cause): .bad(cause, hint: "start the container engine, or set DOCKER_HOST to unix://PATH")
        case .available(let socket, let version): .good("\(socket), version \(version) of the Engine API")
        }
    }

    static func measure() async -> EngineCheck { EngineCheck(access: await .measure(RuntimeOptions.socket)) }
}

/// No container may run whose records are gone, because no worker knows it.
struct OrphanContainersCheck: Check {
    /// The names of the containers.
    var names: [String]
    var data = DataDirectory.standard()

    let title = "containers"
    var verdict: Verdict {
        guard !names.isEmpty else { return .good("no orphans") }
        return .bad(
            "\(Count(names.count, "container").verb("is", "are")) running whose records are gone: \(names.shortList)",
            hint: "stop them with \(data.command("down --orphans")), or put the directory back to keep them")
    }

    static func measure(_ data: DataDirectory) async -> OrphanContainersCheck {
        OrphanContainersCheck(names: await data.orphanContainers()?.names ?? [], data: data)
    }
}
