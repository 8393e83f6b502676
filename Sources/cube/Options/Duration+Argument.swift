import ArgumentParser
import CubeTypes

extension Duration {
    /// Reads an argument such as `90s`; the error says the rule.
    static func parse(_ argument: String) throws -> Duration {
        guard let duration = Duration(text: argument) else {
            throw ValidationError("\"\(argument)\" must be a whole number and ms, s, m or h")
        }
        return duration
    }
}
