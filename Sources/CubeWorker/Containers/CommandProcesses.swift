import Glibc
import SystemPackage

/// The processes of a command in a container: its first process and the descendants. A descendant still belongs to the command when
/// its parent has ended.
struct CommandProcesses {
    /// The start times, by ID. With its start time, an ID is unique.
    private var startTicks: [pid_t: Int]

    init(_ first: ProcessTable.Entry) {
        startTicks = [first.id: first.startTicks]
        addDescendants()
    }

    var haveEnded: Bool { startTicks.allSatisfy { id, ticks in ProcessTable.Entry(id)?.startTicks != ticks } }

    /// Adds the processes that the known ones have started meanwhile.
    mutating func addDescendants() {
        let table = ProcessTable.read()
        for (id, ticks) in startTicks where table.entries[id]?.startTicks == ticks {
            for entry in table.descendants(of: id) { startTicks[entry.id] = entry.startTicks }
        }
    }

    /// Sends a signal to each process that has not ended.
    ///
    /// - Returns: the error of a process that cannot be signalled. The other processes receive the signal nevertheless.
    func send(_ signal: Int32) -> (any Error)? {
        var failure: (any Error)?
        for (id, ticks) in startTicks.sorted(by: { $0.key < $1.key }) {
            do {
                // The process may have ended, and its ID may belong to another one by now.
                guard let process = try ProcessDescriptor(id), ProcessTable.Entry(id)?.startTicks == ticks else {
                    continue
                }
                try process.signal(signal)
            } catch {
                failure = error
            }
        }
        return failure
    }
}

extension CommandProcesses {
    /// Returns why a process cannot be taken for one of a container.
    ///
    /// - Parameter first: the first process of the container.
    /// - Returns: `nil` if the process is one of the container.
    static func objection(to process: pid_t, besides first: pid_t) -> String? {
        do {
            let own = try ProcessTable.namespace(of: getpid())
            let container = try ProcessTable.namespace(of: first)
            let command = try ProcessTable.namespace(of: process)
            // An engine in a virtual machine, for example, has other process IDs, which may belong to any process here.
            guard command == container, command != own else {
                return "the container engine has other process IDs than this machine"
            }
            return nil
        } catch let error as Errno where error == .permissionDenied || error == .notPermitted {
            return "this worker must not signal process \(process) of the container engine; run the worker as root"
        } catch {
            return "process \(process) of the container engine cannot be examined: \(error)"
        }
    }
}

extension ProcessTable {
    /// Returns the namespace of process IDs that a process belongs to. This requires the same permission as a signal.
    ///
    /// - Throws: `Errno`.
    fileprivate static func namespace(of id: pid_t) throws -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/\(id)/ns/pid", &buffer, buffer.count - 1)
        guard count > 0 else { throw Errno(rawValue: errno) }
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
