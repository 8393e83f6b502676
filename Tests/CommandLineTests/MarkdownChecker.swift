/// Parses Markdown as a forge would, as far as necessary to detect foreign text that would be interpreted.
enum MarkdownChecker {
    /// The part of a text that would be interpreted.
    struct MarkdownProblem: Error, CustomStringConvertible { let description: String }

    private static func demand(_ isTrue: Bool, _ message: String) throws {
        if !isTrue { throw MarkdownProblem(description: message) }
    }

    static func check(_ markdown: String, _ view: String) throws {
        var fence: String?
        var columns: Int?
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            let marks = String(line.prefix { $0 == "`" })
            if let open = fence {
                // Text between fences is not interpreted. Only a fence of at least the same length ends the block.
                if line.allSatisfy({ $0 == "`" || $0 == " " }), marks.count >= open.count { fence = nil }
                continue
            }
            if marks.count >= 3, !line.dropFirst(marks.count).contains("`") {
                fence = marks
                continue
            }
            let words = try withoutCode(line, view)
            for sign in ["@", "://", "www.", "WWW.", "mailto:"] {
                try demand(!words.contains(sign), "\(view): \(line)")
            }
            try demand(!words.contains(#/[#!][0-9]/#) && !words.contains(#/GH-[0-9]/#), "\(view): \(line)")
            let bare = words.replacing(#/\\[!-\/:-@\[-`{-~]/#, with: "")
            // Only Cube's own emphasis and headings may contain special characters.
            let own = bare.replacing(#/^(#### |- |\*\*.*?\*\*)/#, with: "")
            try demand(!own.contains(#/[<>\[\]`*_~$#]/#), "\(view): \(line)")
            try demand(!own.contains(#/&(?!amp;)/#), "\(view): \(line)")
            guard line.hasPrefix("|") else {
                columns = nil
                continue
            }
            let count = cells(line)
            if let columns { try demand(count == columns, "\(view): \(line)") }
            columns = count
        }
        try demand(fence == nil, "\(view): a fence is open at the end")
    }

    /// The number of column separators in a row. A backslash escapes a separator, also in code.
    private static func cells(_ line: String) -> Int {
        line.replacing(#/\\./#, with: "").count { $0 == "|" }
    }

    /// The line without code, which is in spans between equal runs of backticks, and in `code` elements.
    private static func withoutCode(_ line: String, _ view: String) throws -> String {
        var rest = line.replacing(#/<code>[^<`]*<\/code>/#, with: "")[...]
        var words = ""
        while let start = rest.firstIndex(where: { $0 == "`" || $0 == "\\" }) {
            words += rest[..<start]
            if rest[start] == "\\" {
                // An escaped backtick opens no span.
                let end = rest.index(start, offsetBy: 2, limitedBy: rest.endIndex) ?? rest.endIndex
                words += rest[start..<end]
                rest = rest[end...]
                continue
            }
            let marks = rest[start...].prefix { $0 == "`" }
            var after = rest[marks.endIndex...]
            var isClosed = false
            while let next = after.firstIndex(of: "`") {
                let run = after[next...].prefix { $0 == "`" }
                after = after[run.endIndex...]
                if run.count == marks.count {
                    isClosed = true
                    break
                }
            }
            try demand(isClosed, "\(view): a span of code is open in \(line)")
            rest = after
        }
        return words + rest
    }
}
