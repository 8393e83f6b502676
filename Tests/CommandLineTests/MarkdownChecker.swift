/// Reads Markdown of ours as a forge would, as far as it takes to see whether foreign text in it means anything.
enum MarkdownChecker {
    /// What of a text would mean something.
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
                // What stands between the fences means nothing; only a line of at least as many marks ends it.
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
            // Emphasis and headings of our own are all the signs there are.
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

    /// How many bars divide a row; a backslash before one makes it text, in code as well.
    private static func cells(_ line: String) -> Int {
        line.replacing(#/\\./#, with: "").count { $0 == "|" }
    }

    /// The line without code: spans between equal runs of backticks, and `code` elements.
    private static func withoutCode(_ line: String, _ view: String) throws -> String {
        var rest = line.replacing(#/<code>[^<`]*<\/code>/#, with: "")[...]
        var words = ""
        while let start = rest.firstIndex(where: { $0 == "`" || $0 == "\\" }) {
            words += rest[..<start]
            if rest[start] == "\\" {
                // An escaped mark opens nothing.
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
