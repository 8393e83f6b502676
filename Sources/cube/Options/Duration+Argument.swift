import ArgumentParser
import CubeTypes

extension Duration {
    /// Parses an argument such as `90s`. The error states the rule for valid values.
    static func parse(_ argument: String) throws -> Duration {
        guard let duration = Duration(text: argument) else {
            throw ValidationError("\"\(argument)\" must be a whole number followed by ms, s, m or h")
        }
        return duration
    }
}
