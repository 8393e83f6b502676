import CubeCore
import CubeJSON
import SystemPackage

/// A plan that was saved to a file.
struct SavedPlan {
    var plan: PlanDocument
    /// Whether the file is unchanged since it was saved.
    var isIntact: Bool

    static func write(_ plan: PlanDocument, to path: FilePath) throws {
        var plan = plan
        try plan.seal { Array(try JSONText.line($0).utf8) }
        try NamedFile.write(
            Array(try JSONText.pretty(plan).utf8) + [UInt8(ascii: "\n")], to: path, permissions: .readableByAll)
    }

    /// Reads a plan in order to apply it.
    ///
    /// - Throws: A `Failure` if the file cannot be read, or was edited after it was saved.
    static func toApply(_ path: FilePath) throws -> PlanDocument {
        let saved = try read(path)
        guard saved.isIntact else {
            throw Failure("\(path) was edited after it was saved", hint: "make a new plan with `cube plan --out`")
        }
        return saved.plan
    }

    static func read(_ path: FilePath) throws -> SavedPlan {
        guard let bytes = try NamedFile.read(path) else { throw Failure("\(path): no such file") }
        let plan: PlanDocument
        do { plan = try JSONBytesDecoder.value(from: bytes) } catch {
            throw Failure("\(path) is not a saved plan", hint: "save a plan with `cube plan --out FILE`")
        }
        guard plan.format == PlanDocument.currentFormat else {
            throw Failure(
                "\(path) has format \(plan.format), but this version reads format \(PlanDocument.currentFormat)")
        }
        return SavedPlan(plan: plan, isIntact: try plan.isIntact { Array(try JSONText.line($0).utf8) })
    }
}
