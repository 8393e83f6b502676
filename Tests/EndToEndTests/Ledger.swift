import Foundation

/// The events that the tasks themselves recorded, in order: one line for each start and each end.
struct Ledger {
    let file: URL

    struct Entry: Equatable {
        enum Event: Equatable {
            case start
            case end(code: Int)
        }

        var event: Event
        /// The slot, as `name/ordinal`.
        var slot: String
        var version: String
        var task: String
        var process: Int32
    }

    /// Returns a shell command that appends a line. A short append is atomic, so the order of lines is the order of events.
    func line(_ event: String) -> String {
        #"echo "\#(event) $CUBE_NAME/$CUBE_ORDINAL $VERSION $CUBE_TASK_ID $$" >> '\#(file.path)'"#
    }

    func text() throws -> String { try String(contentsOf: file, encoding: .utf8) }

    func entries() throws -> [Entry] {
        try text().split(separator: "\n").map { line in
            var words = line.split(separator: " ").map(String.init)
            let event: Entry.Event = words.removeFirst() == "start" ? .start : .end(code: Int(words.removeFirst())!)
            return Entry(event: event, slot: words[0], version: words[1], task: words[2], process: Int32(words[3])!)
        }
    }

    /// Returns the contradictions between the entries: two live tasks of one slot, or a task that started twice.
    func contradictions() throws -> [String] {
        var living: [String: Entry] = [:]
        var started: Set<String> = []
        var found: [String] = []
        for entry in try entries() {
            switch entry.event {
            case .start:
                if let other = living[entry.slot] { found.append("\(entry) started while \(other) was alive") }
                if !started.insert(entry.task).inserted { found.append("\(entry) started twice") }
                living[entry.slot] = entry
            case .end:
                if living[entry.slot]?.task != entry.task { found.append("\(entry) ended, but was not the live task") }
                living[entry.slot] = nil
            }
        }
        return found
    }

    /// Returns the latest start of each slot that has not ended, by slot.
    func living() throws -> [String: Entry] {
        try entries().reduce(into: [:]) { living, entry in
            living[entry.slot] = entry.event == .start ? entry : nil
        }
    }
}
