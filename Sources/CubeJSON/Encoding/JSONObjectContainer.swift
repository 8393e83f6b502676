/// The members of an object that is being written.
struct JSONObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONValueEncoder
    /// The number of values on the stack when the object is the topmost one.
    let depth: Int

    var codingPath: [any CodingKey] { encoder.path(at: depth) }

    func encodeNil(forKey key: Key) throws {
        encoder.beginMember(key.stringValue, at: depth)
        encoder.writeNull()
    }

    func encode(_ value: Bool, forKey key: Key) throws {
        encoder.beginMember(key.stringValue, at: depth)
        encoder.write(value)
    }

    func encode(_ value: String, forKey key: Key) throws {
        encoder.beginMember(key.stringValue, at: depth)
        encoder.write(value)
    }

    @inline(__always)
    func encode<Number: FixedWidthInteger & Encodable>(_ value: Number, forKey key: Key) throws {
        encoder.beginMember(key.stringValue, at: depth)
        encoder.write(value)
    }

    @inline(__always)
    func encode<Number: BinaryFloatingPoint & CustomStringConvertible & Encodable>(
        _ value: Number, forKey key: Key
    ) throws {
        let mark = encoder.beginMember(key.stringValue, at: depth)
        do { try encoder.write(finite: value, at: encoder.path(at: depth + 1)) } catch {
            encoder.undo(to: mark, at: depth)
            throw error
        }
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        let mark = encoder.beginMember(key.stringValue, at: depth)
        do { try encoder.writeValue(value) } catch {
            encoder.undo(to: mark, at: depth)
            throw error
        }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        superEncoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        superEncoder(forKey: key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { inset(at: JSONPathKey(stringValue: "super")) }
    func superEncoder(forKey key: Key) -> any Encoder { inset(at: key) }

    private func inset(at key: some CodingKey) -> JSONValueEncoder {
        encoder.beginMember(key.stringValue, at: depth)
        return encoder.inset(at: key)
    }
}
