import CubeJSON
import CubeTypes

/// The manifest reference: every supported field, generated from the tables that decode manifests.
package enum ManifestReference {
    /// The effect of a changed field on running tasks.
    package enum Change: String, CaseIterable, Sendable {
        /// The field identifies the workload, or is ignored.
        case none
        case replaces, inPlace, steers
    }

    /// One field with its path from the top level of the manifest, such as `ports[].host`.
    package struct Entry: Sendable {
        package let path: String
        package let change: Change
        package let field: FieldDescription
    }

    /// Every field in the order of the tables. The fields of an object follow the object.
    package static let entries: [Entry] =
        entries(Manifest.identifyingFields.descriptions, .none)
        + entries(TaskDefinition.replacingFields.descriptions, .replaces)
        + entries(TaskDefinition.settingFields.descriptions, .inPlace)
        + entries(Steering.fields.descriptions, .steers)

    /// The keys that are reserved for later versions and rejected.
    package static let refusedKeys = Manifest.fields.fields.filter { !$0.isSupported }.map(\.key)

    private static func entries(
        _ fields: [FieldDescription], _ change: Change, below parent: String = ""
    ) -> [Entry] {
        fields.flatMap { field in
            let path = parent.isEmpty ? field.key : "\(parent).\(field.key)"
            return [Entry(path: path, change: change, field: field)]
                + entries(field.form.fields, change, below: field.form.isArray ? path + "[]" : path)
        }
    }
}
