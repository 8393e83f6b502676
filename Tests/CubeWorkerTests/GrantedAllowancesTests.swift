import CubeSystem
import CubeTypes
import Foundation
import Testing

@testable import CubeWorker

struct GrantedAllowancesTests {
    /// Runs a body with a directory that has `allowed/inside`, `outside`, and links to both in `allowed`.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        // The directory for temporary files may itself be a link.
        let root = URL(filePath: "/tmp/cube-allowances-\(UUID().uuidString)")
        let files = FileManager.default
        try files.createDirectory(at: root.appending(path: "allowed/inside"), withIntermediateDirectories: true)
        defer { try! files.removeItem(at: root) }
        try files.createDirectory(at: root.appending(path: "outside"), withIntermediateDirectories: true)
        for (link, target) in [("in", "inside"), ("out", "../outside"), ("loop", "loop")] {
            try files.createSymbolicLink(
                atPath: root.appending(path: "allowed/\(link)").path, withDestinationPath: target)
        }
        try files.createSymbolicLink(atPath: root.appending(path: "alias").path, withDestinationPath: "allowed")
        try body(root.path)
    }

    private func refusal(_ body: () throws -> String) -> String? {
        do {
            let path = try body()
            return "mounted \(path)"
        } catch {
            return "\(error)"
        }
    }

    @Test func `The path that is mounted has no links, so a later change of a link does not matter`() throws {
        try withDirectory { root in
            let granted = GrantedAllowances(
                NodeAllowances(mounts: [AllowedMount(path: "\(root)/alias")]), protected: [])
            for path in ["alias/inside", "alias/in", "allowed/in/."] {
                let source = try granted.source(ofMount: "\(root)/\(path)", isReadOnly: false)
                #expect(source == "\(root)/allowed/inside")
            }
        }
    }

    @Test func `A link that leads out of an allowed directory is refused`() throws {
        try withDirectory { root in
            let granted = GrantedAllowances(
                NodeAllowances(mounts: [AllowedMount(path: "\(root)/allowed")]), protected: [])
            func mount(_ path: String) -> String? {
                refusal { try granted.source(ofMount: "\(root)/\(path)", isReadOnly: true) }
            }
            #expect(mount("allowed/out")?.contains("which leads to \(root)/outside;") == true)
            #expect(mount("allowed/../outside")?.contains("does not allow") == true)
            #expect(mount("allowed/missing") == "cannot mount \(root)/allowed/missing: it does not exist on this node")
            #expect(mount("allowed/loop")?.hasPrefix("cannot mount \(root)/allowed/loop: ") == true)
        }
    }

    @Test func `A link that a task put in the place of an allowed directory allows nothing`() throws {
        try withDirectory { root in
            let granted = GrantedAllowances(
                NodeAllowances(mounts: [
                    AllowedMount(path: "\(root)/allowed"), AllowedMount(path: "\(root)/allowed/out"),
                ]),
                protected: [])
            for path in ["allowed/out", "outside"] {
                let refused = refusal { try granted.source(ofMount: "\(root)/\(path)", isReadOnly: false) }
                #expect(refused?.contains("does not allow") == true)
            }
        }
    }

    @Test func `A protected path is recognised behind a link, and before it exists`() throws {
        try withDirectory { root in
            let granted = GrantedAllowances(
                NodeAllowances(mounts: [AllowedMount(path: root)]),
                protected: ["\(root)/alias/in", "\(root)/outside/engine.sock"])
            func mount(_ path: String) -> String? {
                refusal { try granted.source(ofMount: "\(root)\(path)", isReadOnly: true) }
            }
            #expect(mount("/allowed")?.contains("would expose \(root)/allowed/inside") == true)
            #expect(mount("/outside")?.contains("would expose \(root)/outside/engine.sock") == true)
            #expect(mount("")?.contains("would expose") == true)
        }
    }
}
