/// A number of bytes, printed in the largest unit that does not exceed it.
package struct ByteCount: CustomStringConvertible {
    private let bytes: Int
    package init(_ bytes: Int) { self.bytes = bytes }

    package var description: String {
        var (value, unit) = (bytes, "B")
        for larger in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 { (value, unit) = (value / 1024, larger) }
        return "\(value) \(unit)"
    }
}
