/// The way from an object to a value in it.
package struct FieldPath {
    /// From a value to one in it.
    package enum Step: Sendable {
        /// A key that a table knows.
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

    /// Such as `ports[2].name`.
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
