import Foundation
import Testing

@testable import CubeJSON

/// A public collection of texts that parsers disagree on: `y_` must be read, `n_` refused, `i_` is each parser's to decide.
@Suite struct CorpusTests {
    /// What this reader does with the texts that RFC 8259 leaves open, and why.
    static let decided: [String: (isRead: Bool, reason: String)] = {
        let numbers = "A number is kept as its text; who needs an integer gets it exactly or not at all."
        let surrogates = "Half of a surrogate pair stands for no character, and no Swift string could hold it."
        let encodings = "RFC 8259 asks for UTF-8, and what is not well-formed is not guessed at."
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
            "i_structure_UTF-8_BOM_empty_object.json": (false, "RFC 8259 forbids to write a byte-order mark."),
        ]
    }()

    @Test func `every text of the collection is read or refused as it should be`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../shared/corpus/json-parsing").standardizedFileURL
        // The corpus may be away, and that is said.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            print("RFC 8259: the collection is absent: \(folder.path)")
            return
        }
        var counts: [Character: Int] = [:]
        for name in names.sorted() where name.hasSuffix(".json") {
            let bytes = try Array(Data(contentsOf: folder.appending(path: name)))
            // Whether it is read is the question.
            let isRead = (try? JSONDocument(reading: bytes)) != nil
            let shouldBeRead = name.first == "i" ? Self.decided[name]?.isRead : name.first == "y"
            #expect(isRead == shouldBeRead, "\(name)")
            counts[name.first!, default: 0] += 1
        }
        print("RFC 8259: y \(counts["y"] ?? 0), n \(counts["n"] ?? 0), i \(counts["i"] ?? 0) texts of \(folder.path)")
    }
}
