/// A number with its noun in agreement, for messages: `1 task`, `2 tasks`, `0 tasks`.
package struct Count: CustomStringConvertible, Sendable {
    package let number: Int
    private let noun: String

    /// - Parameter noun: the noun in the singular; its plural must end in `s`.
    package init(_ number: Int, _ noun: String) {
        self.number = number
        self.noun = noun
    }

    package var description: String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// Returns the count followed by the form of the verb that agrees with it: `1 task runs`, `2 tasks run`.
    package func verb(_ singular: String, _ plural: String) -> String {
        "\(self) \(number == 1 ? singular : plural)"
    }
}
