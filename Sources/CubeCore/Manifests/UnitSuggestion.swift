/// Suggests the right form of a size or duration that was written in the form of another system.
enum UnitSuggestion {
    /// Suggests a size: `"600M"` → `"600MiB"`, `"1.5GiB"` → `"1536MiB"`, `"512 kb"` → `"512KiB"`; `nil` if the text resembles
    /// none.
    static func size(for text: String) -> String? {
        guard let parts = parts(of: text), parts.count == 1, let (number, unit) = parts.first,
            let shift = sizeShifts[unit], let bytes = number.times(1 << shift), bytes > 0
        else { return nil }
        guard
            let name = ["TiB": 40, "GiB": 30, "MiB": 20, "KiB": 10].filter({ bytes % (1 << $0.value) == 0 })
                .max(by: { $0.value < $1.value })
        else { return unit == "b" ? "\(bytes)" : nil }
        return "\(bytes >> name.value)\(name.key)"
    }

    /// Suggests a duration: `"1m30s"` → `90s`, `"1d"` → `24h`, `"5 seconds"` → `5s`, `"90"` → `90s`; `nil` if the text resembles
    /// none.
    static func duration(for text: String) -> Duration? {
        guard let parts = parts(of: text), !parts.isEmpty, parts.count == 1 || parts.allSatisfy({ !$0.unit.isEmpty })
        else { return nil }
        var milliseconds = 0
        for (number, unit) in parts {
            guard let factor = durationFactors[unit], let part = number.times(factor) else { return nil }
            let (sum, overflows) = milliseconds.addingReportingOverflow(part)
            guard !overflows else { return nil }
            milliseconds = sum
        }
        return .milliseconds(milliseconds)
    }

    private static let sizeShifts: [String: Int] = [
        "b": 0, "byte": 0, "bytes": 0, "k": 10, "kb": 10, "ki": 10, "kib": 10, "m": 20, "mb": 20, "mi": 20, "mib": 20,
        "g": 30, "gb": 30, "gi": 30, "gib": 30, "t": 40, "tb": 40, "ti": 40, "tib": 40,
    ]

    /// The units in milliseconds. A number without a unit counts seconds.
    private static let durationFactors: [String: Int] = [
        "": 1000, "ms": 1, "msec": 1, "millisecond": 1, "milliseconds": 1, "s": 1000, "sec": 1000, "secs": 1000,
        "second": 1000, "seconds": 1000, "m": 60_000, "min": 60_000, "mins": 60_000, "minute": 60_000,
        "minutes": 60_000, "h": 3_600_000, "hr": 3_600_000, "hour": 3_600_000, "hours": 3_600_000, "d": 86_400_000,
        "day": 86_400_000, "days": 86_400_000, "w": 604_800_000, "week": 604_800_000, "weeks": 604_800_000,
    ]

    /// A number with at most three decimals, in thousandths.
    private struct Number {
        var thousandths: Int

        /// Returns `nil` if the product is not a whole number, or overflows.
        func times(_ factor: Int) -> Int? {
            let (product, overflows) = thousandths.multipliedReportingOverflow(by: factor)
            return overflows || product % 1000 != 0 ? nil : product / 1000
        }
    }

    /// Splits a text into numbers, each with the unit after it in lower case; `nil` if the text has another form.
    private static func parts(of text: String) -> [(number: Number, unit: String)]? {
        var rest = text.lowercased().filter { $0 != " " }[...]
        var parts: [(Number, String)] = []
        while !rest.isEmpty {
            let whole = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(whole.count)
            var decimals = ""[...]
            if rest.first == "." {
                decimals = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(decimals.count + 1)
            }
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard (1...9).contains(whole.count), decimals.count <= 3, unit.count <= 12, parts.count < 4,
                let number = Int(whole + decimals + String(repeating: "0", count: 3 - decimals.count)),
                !(unit.isEmpty && !rest.isEmpty)
            else { return nil }
            parts.append((Number(thousandths: number), String(unit)))
        }
        return parts
    }
}
