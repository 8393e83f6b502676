/// A file of variables: a `KEY=VALUE` a line, the value as it stands, without quotes or escapes. Empty lines and those that
/// begin with `#` mean nothing.
package enum EnvironmentFile {
    /// What is wrong with a file, as the rest of a sentence; never with a value.
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    package static func read(_ bytes: [UInt8]) -> Result<[String: String], Problem> {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            return .failure(Problem(description: "is not text in UTF-8"))
        }
        var variables: [String: String] = [:]
        // The end of a line in Windows' way is one character, too.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (number, line) in lines.enumerated() {
            if line.allSatisfy(\.isWhitespace) || line.hasPrefix("#") { continue }
            guard let equals = line.firstIndex(of: "="), equals != line.startIndex,
                !line[..<equals].contains(where: \.isWhitespace)
            else { return .failure(Problem(description: "must be KEY=VALUE in line \(number + 1)")) }
            variables[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        return .success(variables)
    }
}
