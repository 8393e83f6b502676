/// Rows under headings: what the commands show.
struct Table {
    /// A cell: its text and how it looks on a terminal.
    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var style: Terminal.Style?

        init(_ text: String, _ style: Terminal.Style? = nil) {
            self.text = text.onOneLine
            self.style = style
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    var headings: [String]
    var rows: [[Cell]]

    init(_ headings: String..., rows: [[Cell]]) { self.init(headings: headings, rows: rows) }

    init(headings: [String], rows: [[Cell]]) {
        self.headings = headings
        self.rows = rows
    }

    /// Columns as wide as their widest cell; the last one is not padded, and cut where the line gets too long.
    func text(_ terminal: Terminal, columns: Int = .max) -> String {
        let widths = headings.indices.map { column in
            ([headings[column].count] + rows.map { $0[column].text.count }).max() ?? 0
        }
        let room = columns - widths.dropLast().reduce(0) { $0 + $1 + 2 }
        func line(_ cells: [Cell]) -> String {
            if room < 1 {
                return zip(cells, widths).map { $0.text.padding($1 + 2) }.joined().cut(columns)
            }
            let last = cells.lastIndex { !$0.text.isEmpty } ?? 0
            return cells[...last].enumerated().map { column, cell in
                guard column < last else {
                    return terminal.styled(column == cells.count - 1 ? cell.text.cut(room) : cell.text, cell.style)
                }
                return terminal.styled(cell.text, cell.style) + "".padding(widths[column] + 2 - cell.text.count)
            }.joined()
        }
        return ([line(headings.map { Cell($0, .dim) })] + rows.map(line)).joined(separator: "\n")
    }

    var markdown: String {
        func line(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        return ([line(headings), line(headings.map { _ in "---" })] + rows.map { line($0.map(\.text)) })
            .joined(separator: "\n")
    }
}

extension String {
    /// The text and as many spaces as it takes to be so wide.
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
