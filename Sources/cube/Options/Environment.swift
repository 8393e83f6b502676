import ArgumentParser
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

    /// A variable that is read like the argument in whose place it stands; the error names it.
    static func parsed<Value>(_ name: String, as parse: (String) throws -> Value) throws -> Value? {
        do { return try value(name).map(parse) } catch let error as ValidationError {
            throw ValidationError("\(name): \(error.message)")
        }
    }

    /// All variables.
    static var all: [String: String] { ProcessInfo.processInfo.environment }
}
