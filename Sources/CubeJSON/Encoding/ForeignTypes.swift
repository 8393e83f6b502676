/// The types whose `encode(to:)` does not write what Foundation's `JSONEncoder` writes for them.
///
/// They are found by their mangled names, as this module imports nothing.
struct ForeignTypes {
    static let all = ForeignTypes()

    private let data = id("4DataV")
    private let url = id("3URLV")
    private let decimal = id("7DecimalV")

    @inline(__always)
    func contains(_ type: any Any.Type) -> Bool {
        let id = ObjectIdentifier(type)
        return id == data || id == url || id == decimal
    }

    /// Returns the identity of a type; if the program has no Foundation, that of a type without values.
    private static func id(_ name: String) -> ObjectIdentifier {
        ObjectIdentifier(_typeByName("20FoundationEssentials" + name) ?? Never.self)
    }
}
