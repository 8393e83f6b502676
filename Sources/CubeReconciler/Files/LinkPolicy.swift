/// The permitted targets of links below a directory.
package enum LinkPolicy: String, CaseIterable, Sendable {
    /// Only targets within the directory, so that manifests from strangers cannot expose other files of the machine.
    case inside
    /// Any file of the machine.
    case anywhere
}
