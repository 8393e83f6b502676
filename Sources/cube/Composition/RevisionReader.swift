import CubeCore
import CubeJSON
import CubeReconciler
import SystemPackage

/// Reads the manifests directory once, as it is or at a revision of its repository.
struct RevisionReader {
    private let place: PlaceOptions
    private let directory: FilePath
    private let history: GitHistory
    private let time = SteadyTime()

    init(_ place: PlaceOptions) throws {
        self.place = place
        directory = place.manifests
        history = try GitHistory(
            of: directory, files: LocalFileSystem(), git: GitProgram(environment: Environment.all),
            now: { [time] in time.now })
    }

    /// The path of the manifests in their repository.
    func path() async throws -> String { try await history.path().text }

    /// The commit at which a comparison begins.
    func base(of range: RevisionRange) async throws -> String {
        guard range.isFromCommonAncestor else { return range.base }
        do throws(RevisionError) { return try await history.mergeBase(of: range.base, range.revision ?? "HEAD") } catch
        {
            throw Failure("\(directory): \(error)", hint: error.hint)
        }
    }

    /// - Parameter revision: The revision to read; `nil` is the directory as it is.
    /// - Throws: A `Failure` if the revision does not exist or has no manifests.
    func manifests(at revision: String?) async throws -> ManifestSnapshot {
        let files = try place.files
        let snapshot: ManifestSnapshot?
        if let revision {
            snapshot = try await history.manifests(at: revision)
            guard snapshot != nil else {
                let error = RevisionError.unknown(revision)
                throw Failure("\(directory): \(error)", hint: error.hint)
            }
        } else {
            snapshot = await DirectorySource(directory, files: files, now: { [time] in time.now }).look(at: .everything)
        }
        guard let snapshot, snapshot.root != nil else {
            throw Failure(
                snapshot?.problems.first?.summary ?? "\(directory) cannot be read",
                hint: try place.followed.map { "`cube up` follows a repository here; use \($0)" }
                    ?? "select another directory with --manifests, or write a first manifest with `cube init`")
        }
        return snapshot
    }
}

extension PlaceOptions {
    /// The options that select the repository that was last followed here; `nil` if the last source was a directory.
    var followed: String? {
        get throws {
            guard let source = try WrittenStatus(data: data).summary()?.source, let url = source.url else { return nil }
            let options = [
                ("--git", url), ("--branch", source.branch ?? ""), ("--path", source.path),
            ]
            return options.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
        }
    }
}
