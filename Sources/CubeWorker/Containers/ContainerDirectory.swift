import CubeCore
import CubeTypes
import FoundationEssentials
import Glibc
import SystemPackage

/// The directory of one run in a container: what the engine does not know of the run.
///
/// - `started` exists from before the engine is asked to start the container, and names the engine. If that engine has no such
///   container, someone removed it, and the run is not started again. Another engine knows nothing of the run.
/// - `stop` holds the stop that was requested.
struct ContainerDirectory: Sendable {
    let path: String

    /// A stop that was requested.
    struct Stop: Codable, Hashable, Sendable {
        var policy: StopPolicy
        /// When the signal of the policy was sent; `nil` if it was not. The grace period begins then.
        var signalledAt: DurableInstant?
    }

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

    func stop() throws -> Stop? {
        guard let bytes = try LocalFiles.read("\(path)/stop") else { return nil }
        return try JSONDecoder().decode(Stop.self, from: Data(bytes))
    }

    func write(_ stop: Stop) throws {
        try LocalFiles.write(Array(try JSONEncoder().encode(stop)), to: "stop", in: path, durably: false)
    }
}
