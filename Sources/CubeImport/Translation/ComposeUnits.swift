/// Sizes, durations and numbers of Compose in the notation of manifests.
enum ComposeUnits {
    /// Parses a size such as `512m` or `1.5gb`, whose units are powers of 1024.
    static func bytes(_ text: String) -> Int64? {
        let lower = text.lowercased().filter { $0 != " " }
        let digits = lower.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number.isFinite else { return nil }
        let factors: [String: Double] = [
            "": 1, "b": 1, "k": 1024, "m": 1_048_576, "g": 1_073_741_824, "t": 1_099_511_627_776,
        ]
        var unit = String(lower.dropFirst(digits.count))
        if unit.count > 1, unit.hasSuffix("b") { unit = String(unit.dropLast()) }
        if unit.count == 2, unit.hasSuffix("i") { unit = String(unit.dropLast()) }
        guard let factor = factors[unit], number * factor < 1e18 else { return nil }
        return Int64(number * factor)
    }

    /// A size in the largest unit that represents it exactly.
    static func size(_ bytes: Int64) -> ManifestValue {
        for (factor, unit) in [(Int64(1) << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        where bytes > 0 && bytes % factor == 0 {
            return .string("\(bytes / factor)\(unit)")
        }
        return .integer(bytes)
    }

    /// Parses a duration such as `1m30s` or `1.5s`.
    static func duration(_ text: String) -> Duration? {
        guard text != "0" else { return .zero }
        let units: [(String, Double)] = [
            ("ns", 1e-6), ("us", 1e-3), ("µs", 1e-3), ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000),
            ("d", 86_400_000),
        ]
        var rest = text[...]
        var milliseconds = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let factor = units.first(where: { $0.0 == unit })?.1 else { return nil }
            milliseconds += number * factor
        }
        guard milliseconds < 1e14 else { return nil }
        return .milliseconds(Int64(milliseconds.rounded()))
    }

    /// Parses a number of cores into thousandths of a core, rounded up.
    static func millicores(_ text: String) -> Int? {
        guard let cores = Double(text), cores >= 0, cores <= 1_000_000 else { return nil }
        return Int((cores * 1000 - 1e-6).rounded(.up))
    }

    /// A number of cores with at most three decimals.
    static func cores(_ millicores: Int) -> ManifestValue {
        let (whole, rest) = millicores.quotientAndRemainder(dividingBy: 1000)
        guard rest > 0 else { return .integer(whole) }
        var decimals = String(String(1000 + rest).dropFirst())
        while decimals.hasSuffix("0") { decimals.removeLast() }
        return .number("\(whole).\(decimals)")
    }
}

/// Splitting of a command line into words, by the rules of a POSIX shell, without expansions.
enum ShellWords {
    /// - Returns: `nil` if a quote is not closed.
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Unicode.Scalar?
        var scalars = text.unicodeScalars[...]
        func append(_ scalar: Unicode.Scalar) {
            var current = word ?? ""
            current.unicodeScalars.append(scalar)
            word = current
        }
        while let scalar = scalars.popFirst() {
            switch (quote, scalar) {
            case (nil, " "), (nil, "\t"), (nil, "\n"):
                if let finished = word { words.append(finished) }
                word = nil
            case (nil, "'"), (nil, "\""):
                quote = scalar
                word = word ?? ""
            case (nil, "\\"):
                guard let next = scalars.popFirst() else { return nil }
                if next != "\n" { append(next) }
            case ("\"", "\\"):
                guard let next = scalars.popFirst() else { return nil }
                if !"$`\"\\\n".unicodeScalars.contains(next) { append(scalar) }
                if next != "\n" { append(next) }
            case (.some(let open), _) where scalar == open: quote = nil
            default: append(scalar)
            }
        }
        guard quote == nil else { return nil }
        return words + (word.map { [$0] } ?? [])
    }
}

extension String {
    /// The text with references such as `$(NAME)` escaped, so that Cube leaves them as they are.
    ///
    /// It reads references as the expansion in a task's environment does: each one extends to the next closing parenthesis.
    var withoutReferences: String {
        guard utf8.contains(UInt8(ascii: "$")) else { return self }
        var result = String.UnicodeScalarView()
        var rest = unicodeScalars[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            let isEscaped = rest.starts(with: "$$(".unicodeScalars)
            guard isEscaped || rest.starts(with: "$(".unicodeScalars), let close = rest.firstIndex(of: ")") else {
                result.append(rest.removeFirst())
                continue
            }
            let reference = rest[dollar...close]
            let name = reference.dropFirst(2).dropLast()
            let isName =
                !name.isEmpty
                && name.allSatisfy {
                    "_-.".unicodeScalars.contains($0) || $0.properties.isAlphabetic || ("0"..."9").contains($0)
                }
            if isEscaped || isName { result.append("$") }
            result += reference
            rest = rest[rest.index(after: close)...]
        }
        return String(result + rest)
    }
}
