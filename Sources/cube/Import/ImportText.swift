import CubeImport
import CubeText
import CubeTypes

/// The notes of an import as text, by service.
enum ImportText {
    static func lines(of result: Import) -> [TextLine] {
        var lines: [TextLine] = []
        var groups: [(service: String?, notes: [ImportNote])] = []
        var positions: [String?: Int] = [:]
        for note in result.notes {
            if let position = positions[note.service] {
                groups[position].notes.append(note)
            } else {
                positions[note.service] = groups.count
                groups.append((note.service, [note]))
            }
        }
        for group in groups {
            if !lines.isEmpty { lines.append("") }
            lines.append(TextLine(group.service ?? "The project", .bold))
            for level in ImportNote.Level.allCases {
                lines += group.notes.filter { $0.level == level }.map(line)
            }
        }
        if !result.workerOptions.isEmpty {
            lines += ["", TextLine("The worker needs: \(result.workerOptions.joined(separator: " "))", .bold)]
        }
        return lines + ["", verdict(result)]
    }

    private static func line(of note: ImportNote) -> TextLine {
        var line = TextLine("  ")
        let word = word(note.level)
        line.append(word.text, word.style)
        let file = note.place.file.name
        line.append("  ")
        if note.place.line > 0 { line.append("\(file):\(note.place.line):\(note.place.column): ", .dim) }
        if note.place.line == 0, note.level == .error { line.append("\(file): ") }
        if let key = note.key { line.append("\(key): ") }
        line.append(note.message)
        return line
    }

    private static func word(_ level: ImportNote.Level) -> (text: String, style: TextLine.Style?) {
        switch level {
        case .error: ("error   ", .red)
        case .omitted: ("left out", .yellow)
        case .changed: ("changed ", nil)
        case .todo: ("to do   ", .cyan)
        case .info: ("note    ", .dim)
        }
    }

    private static func verdict(_ result: Import) -> TextLine {
        func count(_ level: ImportNote.Level) -> Int { result.notes.count { $0.level == level } }
        if result.isInvalid { return "\(Count(count(.error), "error")): no manifests." }
        let parts = [
            "\(Count(result.manifests.count, "manifest"))", "\(count(.omitted)) left out", "\(count(.changed)) changed",
            "\(count(.todo)) to do",
        ]
        return "\(parts.joined(separator: ", "))."
    }
}
