import CubeCore
import CubeErrors
import CubeTypes
import Foundation
import Testing

@testable import CubeWorker

/// A command beside the program of a task, and what it wrote so far.
struct TestCommand {
    let service: WorkerService
    let task: TaskID
    let id: ExecID
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []
    private(set) var end: ExecEnd?
    private var after = 0
    private var sent = 0

    /// Starts a command. The task must be running.
    init(_ request: ExecRequest, in task: TaskID, on worker: RunningWorker) async throws {
        service = worker.service
        self.task = task
        id = ExecID(rawValue: UUID().uuidString.lowercased())!
        let (session, created) = try await service.exec(request, as: id, in: task)
        #expect(created && session == ExecSession(id: id, task: task))
    }

    var text: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: errors, as: UTF8.self) }

    /// Reads the next part of the output.
    mutating func read() async throws {
        let part = try await service.execOutput(id, of: task, after: after, wait: .seconds(60))
        for chunk in part.chunks {
            if chunk.stream == .errors { errors += chunk.data } else { output += chunk.data }
        }
        (after, end) = (part.next, part.end)
    }

    /// Reads the output to its end, and returns the exit code.
    @discardableResult
    mutating func code() async throws -> Int {
        while end == nil { try await read() }
        return end!.code
    }

    /// Reads the output until it contains a text.
    mutating func read(until text: String) async throws {
        while !self.text.contains(text) {
            if end != nil {
                Issue.record("the output ended without \(text): \(self.text) \(errorText)")
                return
            }
            try await read()
        }
    }

    /// Sends input, and waits until the command has read it.
    mutating func send(_ bytes: [UInt8], end: Bool = false) async throws {
        var rest = bytes[...]
        repeat {
            let part = ExecInput(
                offset: sent, data: Array(rest.prefix(ExecInput.maximum)), end: end && rest.count <= ExecInput.maximum)
            let receipt = try await service.execInput(part, to: id, of: task, wait: .seconds(60))
            rest = rest.dropFirst(receipt.received - sent)
            sent = receipt.received
        } while !rest.isEmpty
    }

    mutating func send(_ text: String, end: Bool = false) async throws { try await send(Array(text.utf8), end: end) }
}
