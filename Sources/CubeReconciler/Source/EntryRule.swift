package import CubeCore

/// Decides which entries of a directory belong to the source. Excludes names that begin with a dot, such as `.git`,
/// `.cube`, `..data`, vim's `.web.json.swp` and Emacs' `.#web.json`, and files that editors leave behind: `web.json~`,
/// `#web.json#`, `4913`.
package enum EntryRule {
    /// Whether a source that reads a directory reads a file in it, if there is one.
    ///
    /// - Parameter file: The path from the directory.
    package static func admits(_ file: BytePath) -> Bool {
        let (directory, name) = file.splittingLastEntry
        return directory.components.allSatisfy(admitsDirectory) && admitsFile(name)
    }

    static func admitsDirectory(_ name: BytePath) -> Bool { !name.hasPrefix(".") }

    static func admitsFile(_ name: BytePath) -> Bool {
        name.hasSuffix(".json") && !name.hasPrefix(".") && !name.hasPrefix("#")
    }

    /// Whether users may mistake a skipped file of this name for a manifest.
    static func looksLikeManifest(_ name: BytePath) -> Bool {
        guard !admitsFile(name), !name.hasPrefix("."), !name.hasPrefix("#") else { return false }
        let text = name.text.lowercased()
        return [".json", ".jsonc", ".json5", ".yaml", ".yml"].contains { text.hasSuffix($0) }
    }
}
