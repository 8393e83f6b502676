/// Whom a task runs as, as a manifest names it: `name`, `1000`, `name:group` or `1000:1000`.
package struct AccountName: Hashable, Sendable {
    /// A user or a group.
    package enum Part: Hashable, Sendable, CustomStringConvertible {
        case number(UInt32)
        case name(String)

        /// - Returns: `nil` where no user and no group can be called so.
        init?(_ text: some StringProtocol) {
            if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
                // The highest number stands for "unchanged" in system calls.
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
    /// Default: the user's own.
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

    /// What a text must be to name an account.
    package static let rule = "must be a user, or a user and a group such as \"1000:1000\", each by name or number"
}
