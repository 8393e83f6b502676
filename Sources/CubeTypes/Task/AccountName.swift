/// The user and group that a task runs as, in the form of a manifest: `name`, `1000`, `name:group` or `1000:1000`.
package struct AccountName: Hashable, Sendable {
    /// A user or a group.
    package enum Part: Hashable, Sendable, CustomStringConvertible {
        case number(UInt32)
        case name(String)

        /// Parses a name or a number; `nil` if neither a user nor a group can have this name.
        init?(_ text: some StringProtocol) {
            if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
                // In system calls, the highest number means "unchanged".
                guard let number = UInt32(text), number < .max else { return nil }
                self = .number(number)
            } else {
                guard let first = text.utf8.first, text.utf8.count <= 256, !"-+".utf8.contains(first),
                    text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: ":") })
                else { return nil }
                self = .name(String(text))
            }
        }

        package var description: String {
            switch self {
            case .number(let number): "\(number)"
            case .name(let name): name
            }
        }
    }

    package let user: Part
    /// The group; `nil` for the primary group of the user.
    package let group: Part?

    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = parts.first.flatMap(Part.init) else { return nil }
        self.user = user
        guard parts.count == 2 else {
            group = nil
            return
        }
        guard let group = Part(parts[1]) else { return nil }
        self.group = group
    }

    package var isRoot: Bool { user == .number(0) || user == .name("root") }

    /// The rule for the text of an account, worded for a message.
    package static let rule = "must be a user, or a user and a group such as \"1000:1000\", each by name or number"
}
