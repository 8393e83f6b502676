import Foundation
import Testing

@testable import CubeJSON

/// A public collection of JSON texts on which parsers disagree: `y_` must be accepted, `n_` must be rejected, and `i_` is left to the
/// implementation.
@Suite struct CorpusTests {
    /// The decisions of this reader about the texts that RFC 8259 leaves open, with their reasons.
    static let decided: [String: (isRead: Bool, reason: String)] = {
        let numbers = "A number is kept as text, and converted to an integer exactly or not at all."
        let surrogates = "An unpaired surrogate represents no character and cannot be stored in a Swift string."
        let encodings = "RFC 8259 requires UTF-8, and ill-formed text is not guessed at."
        return [
            "i_number_double_huge_neg_exp.json": (true, numbers),
            "i_number_huge_exp.json": (true, numbers),
            "i_number_neg_int_huge_exp.json": (true, numbers),
            "i_number_pos_double_huge_exp.json": (true, numbers),
            "i_number_real_neg_overflow.json": (true, numbers),
            "i_number_real_pos_overflow.json": (true, numbers),
            "i_number_real_underflow.json": (true, numbers),
            "i_number_too_big_neg_int.json": (true, numbers),
            "i_number_too_big_pos_int.json": (true, numbers),
            "i_number_very_big_negative_int.json": (true, numbers),
            "i_object_key_lone_2nd_surrogate.json": (false, surrogates),
            "i_string_1st_surrogate_but_2nd_missing.json": (false, surrogates),
            "i_string_1st_valid_surrogate_2nd_invalid.json": (false, surrogates),
            "i_string_incomplete_surrogate_and_escape_valid.json": (false, surrogates),
            "i_string_incomplete_surrogate_pair.json": (false, surrogates),
            "i_string_incomplete_surrogates_escape_valid.json": (false, surrogates),
            "i_string_invalid_lonely_surrogate.json": (false, surrogates),
            "i_string_invalid_surrogate.json": (false, surrogates),
            "i_string_inverted_surrogates_U+1D11E.json": (false, surrogates),
            "i_string_lone_second_surrogate.json": (false, surrogates),
            "i_string_UTF-16LE_with_BOM.json": (false, encodings),
            "i_string_UTF-8_invalid_sequence.json": (false, encodings),
            "i_string_UTF8_surrogate_U+D800.json": (false, encodings),
            "i_string_invalid_utf-8.json": (false, encodings),
            "i_string_iso_latin_1.json": (false, encodings),
            "i_string_lone_utf8_continuation_byte.json": (false, encodings),
            "i_string_not_in_unicode_range.json": (false, encodings),
            "i_string_overlong_sequence_2_bytes.json": (false, encodings),
            "i_string_overlong_sequence_6_bytes.json": (false, encodings),
            "i_string_overlong_sequence_6_bytes_null.json": (false, encodings),
            "i_string_truncated-utf-8.json": (false, encodings),
            "i_string_utf16BE_no_BOM.json": (false, encodings),
            "i_string_utf16LE_no_BOM.json": (false, encodings),
            "i_structure_500_nested_arrays.json": (false, "Deeper than the limit of 64 levels."),
            "i_structure_UTF-8_BOM_empty_object.json": (false, "RFC 8259 forbids a byte-order mark in generated text."),
        ]
    }()

    @Test func `every text of the corpus is accepted or rejected as required`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../shared/corpus/json-parsing").standardizedFileURL
        // The corpus is optional; the output says if it is absent.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            print("RFC 8259: the corpus is absent: \(folder.path)")
            return
        }
        var counts: [Character: Int] = [:]
        for name in names.sorted() where name.hasSuffix(".json") {
            let bytes = try Array(Data(contentsOf: folder.appending(path: name)))
            // The error does not matter, only whether the text is accepted.
            let isRead = (try? JSONDocument(reading: bytes)) != nil
            let shouldBeRead = name.first == "i" ? Self.decided[name]?.isRead : name.first == "y"
            #expect(isRead == shouldBeRead, "\(name)")
            counts[name.first!, default: 0] += 1
        }
        print("RFC 8259: y \(counts["y"] ?? 0), n \(counts["n"] ?? 0), i \(counts["i"] ?? 0) texts of \(folder.path)")
    }
}
