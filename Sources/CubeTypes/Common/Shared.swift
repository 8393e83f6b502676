/// A large value on the heap. Copies share it until one of them changes it, so that a copy costs as much as that of a reference.
@propertyWrapper
package struct Shared<Value> {
    private final class Storage {
        var value: Value

        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    package init(wrappedValue: Value) { storage = Storage(wrappedValue) }

    package var wrappedValue: Value {
        _read { yield storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }
}

// The storage changes only while nothing else refers to it.
extension Shared: @unchecked Sendable where Value: Sendable {}

extension Shared: Equatable where Value: Equatable {
    package static func == (left: Shared, right: Shared) -> Bool {
        left.storage === right.storage || left.wrappedValue == right.wrappedValue
    }
}

extension Shared: Hashable where Value: Hashable {
    package func hash(into hasher: inout Hasher) { wrappedValue.hash(into: &hasher) }
}

extension Shared: CustomReflectable {
    package var customMirror: Mirror { Mirror(reflecting: wrappedValue) }
}
