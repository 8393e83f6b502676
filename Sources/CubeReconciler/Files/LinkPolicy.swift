/// Where the links below a directory may lead.
package enum LinkPolicy: String, CaseIterable, Sendable {
    /// Only to what is in the directory too: manifests of strangers cannot show what else is on the machine.
    case inside
    /// To any file of the machine.
    case anywhere
}
