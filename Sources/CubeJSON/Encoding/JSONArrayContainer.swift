/// The elements of an array that is being written.
struct JSONArrayContainer: UnkeyedEncodingContainer {
    let encoder: JSONValueEncoder
    /// The number of values on the stack when the array is the topmost one.
    let depth: Int

    var codingPath: [any CodingKey] { encoder.path(at: depth) }
    var count: Int { encoder.count(at: depth) }

    func encodeNil() throws {
        encoder.beginElement(at: depth)
        encoder.writeNull()
    }

    func encode(_ value: Bool) throws {
        encoder.beginElement(at: depth)
        encoder.write(value)
    }

    func encode(_ value: String) throws {
        encoder.beginElement(at: depth)
        encoder.write(value)
    }

    @inline(__always)
    func encode<Number: FixedWidthInteger & Encodable>(_ value: Number) throws {
        encoder.beginElement(at: depth)
        encoder.write(value)
    }

    @inline(__always)
    func encode<Number: BinaryFloatingPoint & CustomStringConvertible & Encodable>(_ value: Number) throws {
        let mark = encoder.beginElement(at: depth)
        do { try encoder.write(finite: value, at: encoder.path(at: depth + 1)) } catch {
            encoder.undo(to: mark, at: depth)
            throw error
        }
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        let mark = encoder.beginElement(at: depth)
        do { try encoder.writeValue(value) } catch {
            encoder.undo(to: mark, at: depth)
            throw error
        }
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        superEncoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { superEncoder().unkeyedContainer() }

    func superEncoder() -> any Encoder {
        encoder.beginElement(at: depth)
        return encoder.inset(at: JSONPathKey(intValue: count - 1))
    }
}
