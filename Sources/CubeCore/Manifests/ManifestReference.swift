package import CubeJSON
import CubeTypes

/// The reference of manifests: every field that this version carries out, made of the tables that read them.
package enum ManifestReference {
    /// What a change of a field does to the tasks that run.
    package enum Change: String, CaseIterable, Sendable {
        /// The field says which workload it is, or is ignored.
        case none
        case replaces, inPlace, steers
    }

    /// One field, with the way to it from the manifest, such as `ports[].host`.
    package struct Entry: Sendable {
        package let path: String
        package let change: Change
        package let field: FieldDescription
    }

    /// Every field in the order of the tables; the fields of an object follow the object.
    package static let entries: [Entry] =
        entries(Manifest.identifyingFields.descriptions, .none)
        + entries(TaskDefinition.replacingFields.descriptions, .replaces)
        + entries(TaskDefinition.settingFields.descriptions, .inPlace)
        + entries(Manifest.steering.descriptions, .steers)

    /// The keys that this version knows and refuses.
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
