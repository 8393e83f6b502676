/// The images of a node, as far as scheduling needs them: a hash for each reference, so that hundreds of images take a few
/// kilobytes. Two references with the same hash only make a node seem to have an image that it lacks.
///
/// - Since: 0.1
public struct ImageSet: Hashable, Sendable {
    /// The hashes, sorted.
    private var hashes: [UInt64] = []

    /// The maximum number of references.
    public static let limit = 512

    public init() {}

    /// - Parameter references: the references in their full form, the most important ones first. Those beyond ``limit`` are left out.
    public init(_ references: some Sequence<String>) {
        var kept: Set<UInt64> = []
        for reference in references where kept.count < Self.limit { kept.insert(Self.hash(reference)) }
        hashes = kept.sorted()
    }

    /// Whether the set contains no image.
    public var isEmpty: Bool { hashes.isEmpty }

    /// Whether the set contains a reference, which must be in its full form.
    public func contains(_ reference: String) -> Bool {
        let hash = Self.hash(reference)
        var (low, high) = (0, hashes.count)
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low < hashes.count && hashes[low] == hash
    }

    private static func hash(_ reference: String) -> UInt64 { FNV1a.hash(reference.utf8) }
}

/// Encoded as one text: 16 hexadecimal digits for each hash.
extension ImageSet: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = Array(try container.decode(String.self).utf8)
        let hashes = stride(from: 0, to: text.count, by: 16).map { start in
            let digits = String(decoding: text[start..<min(start + 16, text.count)], as: UTF8.self)
            return digits.first == "+" || digits.first == "-" ? nil : UInt64(digits, radix: 16)
        }
        let known = hashes.compactMap(\.self)
        guard text.count.isMultiple(of: 16), hashes.count <= Self.limit, known.count == hashes.count else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "must be at most \(Self.limit) hashes of 16 hexadecimal digits, without separators")
        }
        self.hashes = Set(known).sorted()
    }

    public func encode(to encoder: any Encoder) throws {
        let texts = hashes.map { hash in
            let digits = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        var container = encoder.singleValueContainer()
        try container.encode(texts.joined())
    }
}
