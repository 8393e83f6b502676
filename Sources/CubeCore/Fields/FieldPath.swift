import CubeJSON

/// The path from an object to a value in it.
package struct FieldPath {
    /// A step from a value to a contained value.
    package enum Step: Sendable {
        /// A key of a field table.
        case field(String)
        /// A key that the user chose.
        case name(String)
        case index(Int)
    }

    private var steps: [Step] = []

    func appending(_ steps: [Step]) -> FieldPath {
        var path = self
        path.steps += steps
        return path
    }

    mutating func enter(_ step: Step) { steps.append(step) }
    mutating func leave() { steps.removeLast() }

    /// The text of the path, such as `ports[2].name`.
    var text: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .field(let key): text += text.isEmpty ? key : "." + key
            case .name(let key): text += "[\(Quoted(key))]"
            case .index(let index): text += "[\(index)]"
            }
        }
    }
}
