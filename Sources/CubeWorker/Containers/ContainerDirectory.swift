import CubeCore
import CubeTypes
import FoundationEssentials
import Glibc
import SystemPackage

/// The directory of one run in a container. It holds the data about the run that the engine does not hold.
///
/// - `started` exists from before the engine is asked to start the container, and names the engine. If that engine has no such
///   container, someone removed it, and the run is not started again. Another engine knows nothing of the run.
/// - `stop` holds the stop that was requested.
/// - `lease`, `watchdog` and `lease_lost` exist for an exclusive task: the time until which it may run (see `RunDirectory`), the lock
///   that its watchdog holds, and the mark that the watchdog has begun to kill it.
struct ContainerDirectory: Sendable {
    let path: String

    func make() throws {
        try LocalFiles.makeDirectory(FilePath(path).removingLastComponent().string)
        try LocalFiles.makeDirectory(path)
    }

    /// Returns the root directory of the engine that was asked to start the run; `nil` if none was.
    func engineOfStart() throws -> String? {
        try LocalFiles.read("\(path)/started").map { String(decoding: $0, as: UTF8.self) }
    }

    var isStarted: Bool { access("\(path)/started", F_OK) == 0 }

    func markStarted(by engine: String) throws {
        try LocalFiles.write(Array(engine.utf8), to: "started", in: path, durably: false)
    }

    /// Whether the watchdog has begun to kill the container.
    var isLeaseLost: Bool { access("\(path)/lease_lost", F_OK) == 0 }

    func stop() throws -> ContainerStop? {
        guard let bytes = try LocalFiles.read("\(path)/stop") else { return nil }
        return try JSONDecoder().decode(ContainerStop.self, from: Data(bytes))
    }

    func write(_ stop: ContainerStop) throws {
        try LocalFiles.write(Array(try JSONEncoder().encode(stop)), to: "stop", in: path, durably: false)
    }
}
