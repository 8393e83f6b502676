package import CubeErrors
import CubeJSON
package import CubeTypes

/// The replacement of the image of one workload in a manifest file. No other byte of the file changes.
package struct ImageEdit: Hashable, Sendable {
    package var workload: WorkloadName
    /// The reference that the file must contain.
    package var old: String
    package var new: String

    package init(workload: WorkloadName, old: String, new: String) {
        self.workload = workload
        self.old = old
        self.new = new
    }

    /// Returns a file after edits.
    ///
    /// - Throws: `conflict` if the file is not that of the edits any more.
    package static func apply(_ edits: [ImageEdit], to bytes: [UInt8]) throws(APIError) -> [UInt8] {
        let document: JSONDocument
        do throws(Problem) { document = try JSONDocument(reading: bytes) } catch {
            throw APIError(.conflict, "the file was changed meanwhile: \(error.summary)")
        }
        let objects = document.root.kind == .array ? Array(document.root.elements) : [document.root]
        let places = try edits.map { edit throws(APIError) in
            guard let object = objects.first(where: { $0["name"]?.string == edit.workload.rawValue }),
                let image = object["image"], image.string == edit.old
            else {
                throw APIError(
                    .conflict, "the file was changed meanwhile: it does not run \(edit.workload) as \(edit.old)")
            }
            return (range: image.range, text: Array(CanonicalJSON.string(edit.new).bytes))
        }
        var result = bytes
        // From the end, so that the earlier places stay where they are.
        for place in places.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            result.replaceSubrange(place.range, with: place.text)
        }
        return result
    }
}
