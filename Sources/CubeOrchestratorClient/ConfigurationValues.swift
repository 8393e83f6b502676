import Configuration
import CubeErrors
import CubeSystem
import CubeTypes
import FoundationEssentials

/// Reads values from a configuration reader, and collects the values that break a rule.
struct ConfigurationValues {
    /// All keys of a configuration, in the spelling of the reader.
    static let keys = [
        "manager", "token", "tokenFile", "tlsCa", "owner", "connectDeadline", "requestDeadline", "totalDeadline",
        "connectionLimit",
        "silenceDeadline", "retryAttempts", "retryPercentage", "answerLimit",
    ]

    private let reader: ConfigReader
    private(set) var problems: [ValidationError] = []

    init(_ reader: ConfigReader) { self.reader = reader }

    /// Returns the spelling of a key in files and messages.
    static func spelling(_ key: String) -> String {
        key.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
    }

    /// Reads every value as text first, so that a value of the wrong type is reported and not ignored.
    private func text(_ key: String, isSecret: Bool = false) -> String? {
        guard let value = reader.string(forKey: ConfigKey([key]), isSecret: isSecret), !value.isEmpty else {
            return nil
        }
        return value
    }

    private mutating func refuse(_ key: String, _ value: String?, _ message: String) {
        problems.append(
            ValidationError(
                field: Self.spelling(key), value: value.map { "\"\($0.prefix(120))\"" }, message: message))
    }

    mutating func location(given: ManagerLocation?) -> ManagerLocation? {
        if let given { return given }
        guard let value = text("manager") else {
            refuse("manager", nil, "is missing; set CUBE_MANAGER, such as http://127.0.0.1:8081")
            return nil
        }
        do {
            return try ManagerLocation(checking: value)
        } catch {
            problems += error.fields
            return nil
        }
    }

    mutating func token(given: String?) -> String? {
        if let given { return given }
        let (token, file) = (text("token", isSecret: true), text("tokenFile"))
        guard let file else { return token }
        guard token == nil else {
            refuse("tokenFile", file, "must not be combined with token; set only one of them")
            return nil
        }
        do throws(FileError) {
            let line = try ConfiguredFile.text(file).prefix { !$0.isNewline }
            if line.isEmpty { refuse("tokenFile", file, "does not contain a token in its first line") }
            return String(line)
        } catch {
            refuse("tokenFile", file, "cannot be read: \(error.cause)")
            return nil
        }
    }

    /// The path of the file with the authorities to trust. The client reads the file with each connection.
    func authorityFile() -> String? { text("tlsCa") }

    mutating func owner(given: OwnerName?) -> OwnerName {
        if let given { return given }
        guard let value = text("owner") else { return .manual }
        guard let owner = OwnerName(rawValue: value) else {
            refuse("owner", value, OwnerName.rule)
            return .manual
        }
        return owner
    }

    mutating func read(_ key: String, into duration: inout Duration) {
        guard let value = text(key) else { return }
        guard let read = Duration(text: value), read > .zero else {
            return refuse(key, value, "must be a whole number above 0 with the unit ms, s, m or h, such as 5s")
        }
        duration = read
    }

    mutating func read(_ key: String, into number: inout Int, in range: ClosedRange<Int>) {
        // A custom provider may store the value as a number.
        guard let value = text(key) ?? reader.int(forKey: ConfigKey([key])).map(String.init) else { return }
        guard let read = Int(value), range.contains(read) else {
            let bounds = range.upperBound == .max ? "above 0" : "from \(range.lowerBound) to \(range.upperBound)"
            return refuse(key, value, "must be a whole number \(bounds)")
        }
        number = read
    }
}
