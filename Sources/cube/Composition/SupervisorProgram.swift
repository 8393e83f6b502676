import CubeSystem
import Glibc
import SystemPackage

/// The location of `cube-supervisor`, which supervises one task per process.
enum SupervisorProgram {
    /// `CUBE_SUPERVISOR`, or `cube-supervisor` beside the running executable.
    static func path() throws -> FilePath {
        if let named = Environment.value("CUBE_SUPERVISOR") { return .absolute(named) }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { throw FileProblem(doing: "read", .last("/proc/self/exe")) }
        let own = FilePath(String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self))
        return own.removingLastComponent().appending("cube-supervisor")
    }

    /// Returns the path of the program.
    ///
    /// - Throws: A `Failure` with a hint if the program is missing.
    static func require() throws -> FilePath {
        let check = try SupervisorCheck.measure()
        guard case .bad(let message, let hint) = check.verdict else { return check.path }
        throw Failure(message, hint: hint)
    }
}
