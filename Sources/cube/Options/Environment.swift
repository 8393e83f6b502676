import FoundationEssentials
import Glibc

/// What the process was started with beside its arguments.
enum Environment {
    /// A variable that is set to something; an empty one counts as not set.
    static func value(_ name: String) -> String? {
        guard let pointer = getenv(name) else { return nil }
        let value = String(cString: pointer)
        return value.isEmpty ? nil : value
    }

    /// All variables.
    static var all: [String: String] { ProcessInfo.processInfo.environment }
}
