import CubeTypes

/// A table of nodes.
package struct NodeTable: Sendable {
    private let nodes: [NodeReport]

    /// The number of columns that stand beside each other on every terminal. The others are printed below the rows if the table
    /// is too wide.
    private static let narrow = 6
    private static let legend = "CPU, MEMORY and DISK: used by the machine / reserved by tasks / allocatable"

    package init(_ nodes: [NodeReport]) { self.nodes = nodes }

    package var table: Table {
        // Most nodes allow nothing beyond the safe default.
        let showsAllowances = nodes.contains { $0.info.allowances != .none }
        return Table(
            headings: ["NODE", "STATE", "TASKS", "CPU", "MEMORY", "DISK", "RUNS"]
                + (showsAllowances ? ["ALLOWS"] : []) + ["LABELS", "WHY"],
            rows: nodes.map { node in
                let info = node.info
                return figures(node) + ["\(info.runtimes.joined(separator: ","))"]
                    + (showsAllowances ? ["\(info.allowances.words)"] : [])
                    + ["\(info.labelText(separator: ","))", Table.Cell(info.message ?? "")]
            })
    }

    private func figures(_ node: NodeReport) -> [Table.Cell] {
        let (info, used) = (node.info, node.used)
        let cpu = [
            used?.cpu.flatMap(CoreCount.init)?.precise ?? "-", "\(CoreCount(millicores: info.reserved.millicores))",
            "\(CoreCount(millicores: info.capacity.millicores))",
        ]
        return [
            Table.Cell(info.name.rawValue, .bold), Table.Cell(info), "\(info.tasks)",
            "\(cpu.joined(separator: "/"))",
            "\(ByteCount.joined(used?.memory, info.reserved.memory, info.capacity.memory))",
            "\(ByteCount.joined(used?.disk, info.reserved.disk, info.capacity.disk))",
        ]
    }

    /// The table if it fits; otherwise its figures, with the rest of each node below its row, wrapped between words.
    package func lines(columns: Int) -> [TextLine] {
        let legend = TextLine(Self.legend, .dim)
        let lines = table.lines()
        guard !lines.allSatisfy({ $0.count <= columns }) else { return lines + [legend] }
        let figures = Table(headings: Array(table.headings.prefix(Self.narrow)), rows: nodes.map(figures)).lines()
        let rows = zip(figures.dropFirst(), nodes).flatMap { row, node in
            let info = node.info
            let facts =
                [("runs", info.runtimes.joined(separator: ",")), ("allows", info.allowances.words)]
                + [("labels", info.labelText(separator: ","))]
            let rest = facts.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1)" }.joined(separator: "; ")
            return [row] + TextLine(rest).wrapped(columns, indentation: 2)
                + (info.message.map { TextLine($0, .yellow).wrapped(columns, indentation: 2) } ?? [])
        }
        return [figures[0]] + rows + [legend.cut(columns)]
    }

    package var markdown: [MarkdownLine] { table.markdown + ["", MarkdownLine(TextLine(Self.legend))] }
}
