import CubeCore
import CubeJSON
import CubeReconciler
import CubeSystem
import CubeText
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import cube

/// Tests that `validate`, `diff` and the reconciler's source agree on every file of random directory trees.
///
/// Each seed generates a tree and two changed versions of it. Some changes happen during a listing. `CUBE_FUZZ_TREES`
/// sets the number of trees, and `CUBE_FUZZ_SEED` the first seed.
@Suite struct TreeFuzzTests {
    /// The number of trees per seed.
    private static let rounds: UInt64 = 3

    private static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test func `every reader of a tree agrees on every file`() async throws {
        let first = Self.setting("CUBE_FUZZ_SEED") ?? 1
        let count = Self.setting("CUBE_FUZZ_TREES") ?? 300
        var tally = Tally()
        for seed in first..<(first + count / Self.rounds) {
            let tree = try FuzzedTree(seed: seed)
            try await check(tree, &tally)
            guard tally.complaints.isEmpty else {
                Issue.record(
                    "seed \(seed):\n\(tally.complaints.joined(separator: "\n"))\n\(tree.log.joined(separator: "\n"))")
                return
            }
        }
        print("trees \(count) from seed \(first): \(tally)")
        if count >= 300 { #expect(tally.unmet == []) }
    }

    private func check(_ tree: FuzzedTree, _ tally: inout Tally) async throws {
        let time = SteadyTime()
        let files = MovingFileSystem()
        let daemon = DirectorySource(tree.manifests, files: files, now: { time.now })
        for round in 0..<Int(Self.rounds) {
            let fresh = try #require(
                await DirectorySource(tree.manifests, files: LocalFileSystem(), now: { time.now }).look(at: .everything)
            )
            // The source has listed the tree before. It either knows what changed, or must list everything.
            let changed = tree.takeChanged()
            if round > 0 { _ = await daemon.look(at: .entries(changed)) }
            let held = try #require(await daemon.look(at: round == 1 ? .names : .everything))
            tally.compare("the daemon", held, with: fresh)
            tally.compare("validate", await validation(of: tree), of: fresh)
            tally.compare("diff", fresh)
            tally.check(fresh, against: tree)
            // The tree changes during a listing. Whatever this listing saw, the next one must be right.
            files.during { tree.mutate() }
            _ = await daemon.look(at: .everything)
            files.stop()
            tree.mutate()
        }
    }

    /// The diagnostics of `validate` for each file, by path below the directory.
    private func validation(of tree: FuzzedTree) async -> [Tally.Told] {
        var validation = Validation(files: LocalFileSystem(), manifests: tree.manifests)
        await validation.check(tree.manifests)
        let prefix = BytePath(tree.manifests).text
        for line in validation.lines where line.text.contains(FuzzedTree.secret) {
            return [Tally.Told(file: ExactText(""), reason: "leak", summary: line.text)]
        }
        return validation.diagnostics.map { diagnostic in
            let file = diagnostic.range.filename.utf8.dropFirst(prefix.utf8.count).drop { $0 == UInt8(ascii: "/") }
            return Tally.Told(
                file: ExactText(String(Substring(file))), reason: diagnostic.reason.rawValue,
                summary: diagnostic.summary)
        }
    }
}

/// The number of comparisons of each kind, and the differences.
private struct Tally: CustomStringConvertible {
    struct Told: Hashable, Comparable {
        var file: ExactText
        var reason: String
        var summary: String

        static func < (left: Told, right: Told) -> Bool {
            [left.file.text, left.reason, left.summary].joined(separator: "\0").utf8
                .lexicographicallyPrecedes([right.file.text, right.reason, right.summary].joined(separator: "\0").utf8)
        }
    }

    private(set) var complaints: [String] = []
    private var counts: [String: Int] = [:]

    /// The cases that must occur among many trees.
    private static let expected = [
        "readable", "unreadable", "group", "duplicate_name", "ignored", "syntax", "too_large", "not text", "two forms",
        "refused", "cycle", "pipe", "attached", "problem",
    ]

    var unmet: [String] { Self.expected.filter { counts[$0] == nil } }

    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    private mutating func note(_ word: String) { counts[word, default: 0] += 1 }

    mutating func compare(_ reader: String, _ held: ManifestSnapshot, with fresh: ManifestSnapshot) {
        for path in Set(held.files.keys).union(fresh.files.keys) where held.files[path] != fresh.files[path] {
            complaints.append(
                "\(reader) has \(path) as \(held.files[path].map { "\($0)" } ?? "nothing"), not as \(fresh.files[path].map { "\($0)" } ?? "nothing")"
            )
        }
        if held.isComplete != fresh.isComplete || Set(held.problems) != Set(fresh.problems) {
            complaints.append("\(reader) has the problems \(held.problems), not \(fresh.problems)")
        }
    }

    mutating func compare(_ reader: String, _ told: [Told], of snapshot: ManifestSnapshot) {
        var expected = (snapshot.problems + snapshot.warnings).map(Self.told)
        for state in snapshot.files.values {
            guard case .unreadable(let diagnostics) = state else { continue }
            expected += diagnostics.map(Self.told)
        }
        var desired = DesiredState(oneShot: true)
        _ = desired.apply(snapshot)
        let duplicates = desired.declarations.disputed.flatMap { desired.diagnostics(of: $0) }
            .filter { $0.reason == .duplicateName }
        expected += duplicates.map(Self.told)
        for one in expected { note(one.reason) }
        if told.sorted() != expected.sorted() {
            let (more, less) = (Set(told).subtracting(expected), Set(expected).subtracting(told))
            complaints.append("\(reader) additionally reports \(more.sorted()), and does not report \(less.sorted())")
        }
    }

    private static func told(_ diagnostic: Diagnostic) -> Told {
        Told(
            file: ExactText(diagnostic.range.filename), reason: diagnostic.reason.rawValue, summary: diagnostic.summary)
    }

    /// Checks that a review from an empty state lists every workload that is declared once, and every invalid file.
    mutating func compare(_ reader: String, _ snapshot: ManifestSnapshot) {
        var empty = snapshot
        (empty.files, empty.problems, empty.warnings) = ([:], [], [])
        let review = Review(base: empty, revision: snapshot)
        var places: [WorkloadName: Int] = [:]
        for case .readable(let workloads, _) in snapshot.files.values {
            for workload in workloads { places[workload.name, default: 0] += 1 }
        }
        let hasBrokenFile = snapshot.files.contains { path, state in
            if case .unreadable = state { path.text.hasSuffix(".json") } else { false }
        }
        let brokenGroup = hasBrokenFile && snapshot.files.keys.contains(where: ManifestGroup.isFile)
        let once = Set(places.filter { $0.value == 1 }.keys)
        let added = Set(review.changes.filter { $0.kind == .added }.map(\.name))
        // An atomic group with an invalid file starts nothing.
        if added != once, !(brokenGroup && added.isSubset(of: once)) {
            complaints.append("\(reader) adds \(added.sorted()), not \(once.sorted())")
        }
        for case (let path, .unreadable(let diagnostics)) in snapshot.files
        where !diagnostics.allSatisfy(review.diagnostics.contains) {
            complaints.append("\(reader) does not report the problem with \(path)")
        }
    }

    /// Compares with an independent, simple listing of the tree.
    mutating func check(_ snapshot: ManifestSnapshot, against tree: FuzzedTree) {
        for (path, text) in tree.plainFiles() {
            guard let state = snapshot.files[path] else {
                complaints.append("no diagnostic for \(path)")
                continue
            }
            switch state {
            case .readable(let workloads, _):
                note("readable")
                if workloads.contains(where: { !$0.definition.files.isEmpty }) { note("attached") }
                for workload in workloads where !text.contains("\"\(workload.name)\"") {
                    complaints.append("\(path) does not declare \(workload.name)")
                }
            case .unreadable: note("unreadable")
            case .group: note("group")
            }
        }
        for path in snapshot.files.keys {
            if path.text.contains("\\x") { note("not text") }
            if snapshot.files.keys.contains(where: { $0 != path && $0.text == path.text }) { note("two forms") }
        }
        for case .unreadable(let diagnostics) in snapshot.files.values {
            for diagnostic in diagnostics {
                for (words, word) in [
                    ("is refused", "refused"), ("in a cycle", "cycle"), ("not a regular file", "pipe"),
                ] where diagnostic.summary.contains(words) { note(word) }
                if diagnostic.summary.contains(FuzzedTree.secret) { complaints.append("leak: \(diagnostic.summary)") }
            }
        }
        if !snapshot.problems.isEmpty { note("problem") }
    }
}
