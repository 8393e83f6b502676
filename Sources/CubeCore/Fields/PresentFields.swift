/// The fields of a table that an object has, by their positions in the table, of which there are fewer than 64.
package struct PresentFields: Hashable, Sendable {
    private var bits: UInt64

    package init() { bits = 0 }

    private init(bits: UInt64) { self.bits = bits }

    /// All fields of any table.
    package static let all = PresentFields(bits: .max)

    mutating func insert(_ position: Int) {
        precondition(position < UInt64.bitWidth)
        bits |= 1 << UInt64(position)
    }

    func contains(_ position: Int) -> Bool { bits >> UInt64(position) & 1 == 1 }

    /// Returns the fields of a table that is a part of this one, from a position on.
    package func from(_ position: Int) -> PresentFields { PresentFields(bits: bits >> UInt64(position)) }
}
