/// Validates values that were not read by a table, such as values from the wire, and collects their fields and the broken rules.
package struct FieldChecker {
    package private(set) var problems: [(field: String, rule: String)] = []
    private var path = FieldPath()

    package init() {}

    /// Validates the value at a step below the current path.
    mutating func at(_ step: FieldPath.Step, _ check: (inout FieldChecker) -> Void) {
        path.enter(step)
        defer { path.leave() }
        check(&self)
    }

    package mutating func report(_ rule: String) { problems.append((path.text, rule)) }

    /// Reports a NUL character, which no program can receive.
    mutating func checkText(_ text: String) {
        if text.utf8.contains(0) { report("must not contain the character U+0000") }
    }
}
