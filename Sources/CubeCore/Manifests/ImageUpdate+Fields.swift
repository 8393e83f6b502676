import CubeJSON
import CubeTypes

extension ImageUpdate {
    static let fields = FieldTable<ImageUpdate>(
        [
            Field(
                "policy", \.policy, .oneOf([Policy.semver, .alphabetical, .digest]), isRequired: true,
                example: "semver",
                "Which image is the newest. `semver`: the tag with the highest version by Semantic Versioning. Without `filter`, "
                    + "only tags of the same form count: as many numbers, and the same text after them, such as `-alpine`. "
                    + "`alphabetical`: the last tag in the order of bytes. `digest`: the tag stays, and the image is pinned to "
                    + "the digest that the tag means."),
            Field(
                "filter", \.filter, FieldType<String>.regularExpression.optional, example: "^1\\.27\\.",
                "A regular expression, which a tag must match somewhere. With it, `semver` also considers tags of another form."
            ),
        ], standard: ImageUpdate(),
        check: { update, object, reader in
            guard update.policy == .digest, let filter = object["filter"] else { return }
            reader.report(
                .invalidValue, "must not be set with policy \"digest\"", detail: "the tag stays the same",
                at: filter.range, below: .field("filter"))
        })

    /// Reports `image_update` of a process, and of an image without a tag.
    static func check(_ manifest: Manifest, _ object: JSONValue, _ reader: inout FieldReader) {
        guard let update = manifest.steering.imageUpdate, let value = object["image_update"] else { return }
        guard let image = manifest.definition.image else {
            return reader.report(
                .invalidValue, "must not be set without \"image\"", detail: "a process has no image to update",
                at: value.range, below: .field("image_update"))
        }
        if update.policy != .digest, WrittenImage(image).tag == nil {
            reader.report(
                .invalidValue, "needs a tag in \"image\"", detail: "without one, no tag can be newer",
                at: value.range, below: .field("image_update"))
        }
    }
}

extension FieldType<String> {
    fileprivate static let regularExpression = string(
        "regular expression", example: "^1\\.", schema: ["format": "regex"], rule: "must be a regular expression",
        // The reason is of no use, because it does not say where the error is.
        parse: { (try? Regex($0)) != nil ? $0 : nil }, write: { .string($0) })
}
