import CubeCore
import FoundationEssentials
import SystemPackage

/// A plan in a file.
struct SavedPlan {
    var plan: PlanDocument
    /// Whether it is as it was written.
    var isIntact: Bool

    static func write(_ plan: PlanDocument, to path: FilePath) throws {
        var plan = plan
        try plan.seal { Array(try JSONText.line($0).utf8) }
        try AtomicFile.write(Array(try JSONText.pretty(plan).utf8) + [UInt8(ascii: "\n")], to: path, mode: 0o644)
    }

    /// - Throws: also where the file is not as it was written.
    static func toApply(_ path: FilePath) throws -> PlanDocument {
        let saved = try read(path)
        guard saved.isIntact else {
            throw Failure("\(path) was changed after it was written", hint: "`cube plan --out` makes a new one")
        }
        return saved.plan
    }

    static func read(_ path: FilePath) throws -> SavedPlan {
        guard let bytes = try AtomicFile.read(path) else { throw Failure("\(path): there is no such file") }
        let plan: PlanDocument
        do { plan = try JSONDecoder().decode(PlanDocument.self, from: Data(bytes)) } catch {
            throw Failure("\(path) is no saved plan", hint: "`cube plan --out FILE` saves one")
        }
        guard plan.format == PlanDocument.currentFormat else {
            throw Failure("\(path): its format is \(plan.format); this version reads \(PlanDocument.currentFormat)")
        }
        return SavedPlan(plan: plan, isIntact: try plan.isIntact { Array(try JSONText.line($0).utf8) })
    }
}
