import ArgumentParser
import FoundationEssentials
import Glibc

/// The environment variables of this process.
enum Environment {
    /// The value of a variable. An empty value counts as unset.
    static func value(_ name: String) -> String? {
        guard let pointer = getenv(name) else { return nil }
        let value = String(cString: pointer)
        return value.isEmpty ? nil : value
    }

    /// Parses a variable in the same way as the option that it replaces. An error names the variable.
    static func parsed<Value>(_ name: String, as parse: (String) throws -> Value) throws -> Value? {
        do { return try value(name).map(parse) } catch let error as ValidationError {
            throw ValidationError("\(name): \(error.message)")
        }
    }

    /// All variables.
    static var all: [String: String] { ProcessInfo.processInfo.environment }
}
