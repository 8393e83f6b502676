import Synchronization

/// Values that documents contain again and again, such as the definition that all replicas of a workload have. A value that has the
/// same text as an earlier one is not decoded again, and shares its memory.
///
/// Texts are compared by their bytes, so that no value takes the place of another that only Swift considers equal to it. All
/// documents must be decoded with the same `userInfo`.
package final class RepeatedValues<Repeated: Decodable & Sendable>: ValueMemory {
    private let known = Mutex<[ByteKey: Repeated]>([:])

    /// - Parameter type: the type of the values. Others are decoded each time.
    package init(of type: Repeated.Type) {}

    package var type: ObjectIdentifier { ObjectIdentifier(Repeated.self) }

    package func value<Value>(of text: [UInt8], else decode: () throws -> Value) rethrows -> Value {
        let text = ByteKey(text)
        if let value = known.withLock({ $0[text] }) as? Value { return value }
        let value = try decode()
        if let repeated = value as? Repeated { known.withLock { $0[text] = repeated } }
        return value
    }
}

/// ``RepeatedValues`` of some type.
package protocol ValueMemory: Sendable {
    var type: ObjectIdentifier { get }

    /// Returns the value of a text, from the memory if it is there.
    func value<Value>(of text: [UInt8], else decode: () throws -> Value) rethrows -> Value
}

/// Bytes as the key of a dictionary. All of them are hashed at once, which an array does one by one.
package struct ByteKey: Hashable, Sendable {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}
