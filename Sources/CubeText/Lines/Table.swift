/// A table with headings, as the commands print it.
package struct Table: Sendable {
    package typealias Cell = TextLine

    package var headings: [String]
    package var rows: [[Cell]]

    package init(_ headings: String..., rows: [[Cell]]) { self.init(headings: headings, rows: rows) }

    package init(headings: [String], rows: [[Cell]]) {
        self.headings = headings
        self.rows = rows
    }

    /// The table as text. Each column is as wide as its widest cell, except the last, which is not padded. Lines longer
    /// than `columns` are cut.
    package func lines(columns: Int = .max) -> [TextLine] {
        let widths = headings.indices.map { column in
            ([headings[column].count] + rows.map { $0[column].count }).max() ?? 0
        }
        return ([headings.map { Cell($0, .dim) }] + rows).map { cells in
            let last = cells.lastIndex { !$0.isEmpty } ?? 0
            var line = TextLine()
            for (column, cell) in cells[...last].enumerated() {
                line += cell
                if column < last { line.append(String(repeating: " ", count: widths[column] + 2 - cell.count)) }
            }
            return line.cut(columns)
        }
    }

    package var markdown: [MarkdownLine] {
        [.row(headings.map { MarkdownLine(TextLine($0)) }), .rule(columns: headings.count)]
            + rows.map { .row($0.map(MarkdownLine.init)) }
    }
}
