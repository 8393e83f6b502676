import CubeCore

/// What a directory contains, sorted by how a walk treats it.
struct DirectoryContents: Sendable {
    let listing: DirectoryListing
    /// The names of the files that are manifests.
    let manifests: [BytePath]
    /// The names of other entries that users may mistake for manifests.
    let ignored: [BytePath]
    /// The entries that are not files.
    let others: [DirectoryEntry]

    /// - Parameter known: The contents of the directory at an earlier time.
    init(_ listing: DirectoryListing, known: DirectoryContents?) {
        self.listing = listing
        if let known, known.listing.entries == listing.entries {
            (manifests, ignored, others) = (known.manifests, known.ignored, known.others)
            return
        }
        let entries = listing.entries
        manifests = entries.filter { $0.kind == .file && EntryRule.admitsFile($0.name) }.map(\.name)
        ignored = entries.filter { $0.kind != .directory && EntryRule.looksLikeManifest($0.name) }.map(\.name)
        others = entries.filter { $0.kind != .file }
    }
}

/// A directory whose manifests were all as the index knows them. While its entries and their stamps remain the same, they still are.
final class SettledDirectory: Sendable {
    let path: BytePath
    let contents: DirectoryContents
    /// The stamps of the manifests.
    let stamps: [FileStamp]

    init(path: BytePath, contents: DirectoryContents, stamps: [FileStamp]) {
        self.path = path
        self.contents = contents
        self.stamps = stamps
    }
}

/// The manifests that a walk found.
struct FoundFiles {
    private var single: Set<BytePath> = []
    /// Directories of which every manifest was found.
    private var settled: [SettledDirectory] = []
    private(set) var count = 0

    mutating func insert(_ path: BytePath) { if single.insert(path).inserted { count += 1 } }

    mutating func remove(_ path: BytePath) { if single.remove(path) != nil { count -= 1 } }

    mutating func insert(_ directory: SettledDirectory) {
        settled.append(directory)
        count += directory.stamps.count
    }

    var paths: Set<BytePath> {
        settled.reduce(into: single) { paths, directory in
            for name in directory.contents.manifests { paths.insert(directory.path.appending(name)) }
        }
    }

    /// Whether no file declares a workload.
    var areAllGroups: Bool {
        single.allSatisfy(ManifestGroup.isFile)
            && settled.allSatisfy { $0.contents.manifests.allSatisfy(ManifestGroup.isFile) }
    }
}
