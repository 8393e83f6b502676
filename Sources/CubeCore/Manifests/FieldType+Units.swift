import CubeJSON
import CubeTypes

/// Types of fields with a unit. The canonical form is an integer in the smallest unit.
extension FieldType<Int> {
    /// A number of cores with at most three decimals, stored exactly in thousandths.
    static let cores = cores(from: 0)

    /// - Parameter least: the lowest number, in thousandths.
    static func cores(from least: Int) -> FieldType {
        let phrase = "from \(coresText(least)) to 1000000, with at most three decimals"
        let bounds = least...1_000_000_000
        return FieldType(
            ValueForm(phrase: "number \(phrase)", example: 2),
            // Without an exact number for the bound, the schema allows a little more than the decoder.
            schema: ["type": "number", "minimum": 0, "maximum": 1_000_000],
            read: { value, reader in
                guard let number = value.number else {
                    reader.reportMismatch(
                        value, expected: "a number of cores", hint: value.string.flatMap(coresHint))
                    return nil
                }
                if let millicores = number.integer(timesTenTo: 3), bounds.contains(millicores) {
                    return millicores
                }
                reader.report(.outOfRange, "\(number) must be \(phrase)", at: value)
                return nil
            },
            write: { .integer(Int64($0)) },
            show: { .string(coresText($0)) },
            examine: { millicores, checker in
                if !bounds.contains(millicores) { checker.report("must be from \(coresText(least)) to 1000000") }
            })
    }

    /// Suggests the right form for a number in quotes, or for thousandths as in Kubernetes (`500m`).
    private static func coresHint(_ text: String) -> String? {
        let isThousandths = text.hasSuffix("m")
        guard let number = Int(isThousandths ? String(text.dropLast()) : text), (0...1_000_000).contains(number) else {
            return text.contains(".") && text.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
                ? "leave out the quotes" : nil
        }
        return isThousandths ? "did you mean \(coresText(number))?" : "leave out the quotes"
    }

    /// Formats cores without floating-point arithmetic.
    static func coresText(_ millicores: Int) -> String {
        let (whole, rest) = millicores.quotientAndRemainder(dividingBy: 1000)
        guard rest != 0 else { return "\(whole)" }
        var digits = String(String(1000 + rest).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    /// A size in bytes, written as a number or as text such as `128MiB`.
    static let size = size(from: 0)

    /// - Parameter least: the lowest size in bytes.
    static func size(from least: Int) -> FieldType {
        let range = least == 0 ? "at most 1024TiB" : "from \(sizeText(least)) to 1024TiB"
        let bounds = least...maximumSize
        return FieldType(
            ValueForm(phrase: "size, \(range)", example: "128MiB"),
            schema: [
                "type": ["integer", "string"], "minimum": .integer(Int64(least)),
                "maximum": .integer(Int64(maximumSize)),
                "pattern": "^[0-9]{1,12}(KiB|MiB|GiB|TiB)$",
            ],
            wire: ["type": "integer", "minimum": .integer(Int64(least)), "maximum": .integer(Int64(maximumSize))],
            read: { value, reader in
                let (bytes, written): (Int?, String)
                if let number = value.number {
                    (bytes, written) = (number.integer(), "\(number)")
                } else if let text = value.string {
                    guard let size = Self.size(text) else {
                        reader.report(
                            .invalidValue, "\(Quoted(text)) must be a whole number and one of KiB, MiB, GiB, TiB",
                            detail: .words(UnitSuggestion.size(for: text).map { "did you mean \"\($0)\"?" } ?? ""),
                            at: value)
                        return nil
                    }
                    (bytes, written) = (size, "\(Quoted(text))")
                } else {
                    reader.reportMismatch(value, expected: "a number of bytes or a size such as \"128MiB\"")
                    return nil
                }
                if let bytes, bounds.contains(bytes) { return bytes }
                reader.report(
                    .outOfRange,
                    least == 0 || bytes.map { $0 >= least } != false
                        ? "\(written) must be a whole number of bytes, at most 1024 TiB"
                        : "\(written) must be at least \(sizeText(least))", at: value)
                return nil
            },
            write: { .integer(Int64($0)) },
            show: { .string(sizeText($0)) },
            examine: { bytes, checker in
                if bytes < least { checker.report("must be at least \(sizeText(least))") }
                if bytes > maximumSize { checker.report("must be at most 1024 TiB") }
            })
    }

    /// Formats a size in the largest unit in which it is a whole number.
    static func sizeText(_ bytes: Int) -> String {
        let unit = units.last { bytes != 0 && bytes % (1 << $0.shift) == 0 }
        return unit.map { "\(bytes >> $0.shift)\($0.name)" } ?? "\(bytes)"
    }

    private static let units: [(name: String, shift: Int)] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]

    private static let maximumSize = ResourceSpec.maximumBytes

    /// Reads at most 12 digits and a unit. A size that overflows is `Int.max`.
    private static func size(_ text: String) -> Int? {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...12).contains(digits.count), let number = Int(Substring(digits)),
            let unit = units.first(where: { $0.name.utf8.elementsEqual(text.utf8.dropFirst(digits.count)) })
        else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: 1 << unit.shift)
        return overflows ? .max : bytes
    }
}

extension FieldType<Duration> {
    /// A duration such as `500ms`, `5s`, `10m`, `24h`.
    static func duration(_ bounds: ClosedRange<Duration>) -> FieldType {
        FieldType(
            ValueForm(
                phrase: "duration from \(bounds.lowerBound.text) to \(bounds.upperBound.text)",
                example: .string(max(bounds.lowerBound, min(bounds.upperBound, .seconds(30))).text)),
            schema: ["type": "string", "pattern": "^[0-9]{1,12}(ms|s|m|h)$"],
            read: { value, reader in
                guard let text = value.string else {
                    let isNumber = value.kind == .number
                    reader.reportMismatch(
                        value, expected: "a duration such as \"5s\"",
                        hint: isNumber ? "write it in quotes, with its unit: ms, s, m or h" : nil)
                    return nil
                }
                guard let duration = Duration(text: text) else {
                    reader.report(
                        .invalidValue, "\(Quoted(text)) must be a whole number and one of ms, s, m, h",
                        detail: .words(
                            UnitSuggestion.duration(for: text).map { "did you mean \"\($0.text)\"?" } ?? ""),
                        at: value)
                    return nil
                }
                if bounds.contains(duration) { return duration }
                reader.report(
                    .outOfRange,
                    "\(Quoted(text)) must be from \(bounds.lowerBound.text) to \(bounds.upperBound.text)", at: value)
                return nil
            },
            write: { .integer($0.milliseconds) }, show: { .string($0.text) },
            examine: { duration, checker in
                if !bounds.contains(duration) {
                    checker.report("must be from \(bounds.lowerBound.text) to \(bounds.upperBound.text)")
                }
            })
    }
}
