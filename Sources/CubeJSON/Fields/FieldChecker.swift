/// What is wrong with values that came another way than through a table, such as over the wire: field and rule.
package struct FieldChecker {
    package private(set) var problems: [(field: String, rule: String)] = []
    private var path = FieldPath()

    package init() {}

    /// Checks what is below this step of the path.
    mutating func at(_ step: FieldPath.Step, _ check: (inout FieldChecker) -> Void) {
        path.enter(step)
        defer { path.leave() }
        check(&self)
    }

    package mutating func report(_ rule: String) { problems.append((path.text, rule)) }

    /// Reports a character that no program could be given.
    mutating func checkText(_ text: String) {
        if text.utf8.contains(0) { report("must not contain the character U+0000") }
    }
}
