/// Access to a property of an object.
///
/// A key path is followed component by component, with types that are looked up each time. The place of a stored property in its
/// object is fixed, so it is found once.
struct StoredProperty<Root, Value>: Sendable {
    private let path: any WritableKeyPath<Root, Value> & Sendable
    /// The place of the property in the object; `nil` if it is computed.
    private let offset: Int?

    init(_ path: any WritableKeyPath<Root, Value> & Sendable) {
        self.path = path
        offset = MemoryLayout<Root>.offset(of: path)
    }

    func value(in root: Root) -> Value {
        guard let offset else { return root[keyPath: path] }
        return withUnsafeBytes(of: root) { object in
            object.baseAddress!.advanced(by: offset).assumingMemoryBound(to: Value.self).pointee
        }
    }

    func change<Result>(in root: inout Root, _ body: (inout Value) -> Result) -> Result {
        guard let offset else { return body(&root[keyPath: path]) }
        return withUnsafeMutableBytes(of: &root) { object in
            body(&object.baseAddress!.advanced(by: offset).assumingMemoryBound(to: Value.self).pointee)
        }
    }
}
