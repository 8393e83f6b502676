import CubeCore

/// Which entries of a directory belong to the source: nothing that begins with a dot, which covers `.git`, `.cube`,
/// `..data`, vim's `.web.json.swp` and Emacs' `.#web.json`; and not what editors leave behind: `web.json~`, `#web.json#`,
/// `4913`.
enum EntryRule {
    static func admitsDirectory(_ name: BytePath) -> Bool { !name.hasPrefix(".") }

    static func admitsFile(_ name: BytePath) -> Bool {
        name.hasSuffix(".json") && !name.hasPrefix(".") && !name.hasPrefix("#")
    }

    /// Whether somebody may take a file of this name for a manifest that is read, though it is not.
    static func looksLikeManifest(_ name: BytePath) -> Bool {
        guard !admitsFile(name), !name.hasPrefix("."), !name.hasPrefix("#") else { return false }
        let text = name.text.lowercased()
        return [".json", ".jsonc", ".json5", ".yaml", ".yml"].contains { text.hasSuffix($0) }
    }
}
