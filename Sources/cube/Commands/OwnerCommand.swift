import ArgumentParser
import CubeCore
import CubeManagerClient
import CubeReconciler
import CubeText
import CubeTypes

struct OwnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "owner", abstract: "Manage the owners of workloads; each usually has one manifests directory.",
        subcommands: [List.self, Claim.self, Forget.self], defaultSubcommand: List.self)

    struct List: Command {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the owners with their held changes, leases and directives.")

        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await manager.reader().owners()
            try output.write(list, as: Self.table(list.owners))
        }

        static func table(_ owners: [OwnerStatus]) -> Table {
            Table(
                "OWNER", "HELD", "LEASE", "DIRECTIVES",
                rows: owners.map { owner in
                    [
                        Table.Cell(owner.owner.rawValue, .bold), "\(owner.holds.count)",
                        "\(owner.lease.map { $0.expiresAt > .now ? $0.holder : "expired (\($0.holder))" } ?? "-")",
                        "\(owner.directives.newest.map(\.words).shortList)",
                    ]
                })
        }
    }

    struct Claim: Command {
        static let configuration = CommandConfiguration(
            commandName: "claim", abstract: "Bind an owner to this source of manifests.",
            discussion: .flowing(
                """
                The manager binds an owner to the first source that uses it, so that two sources never compete for one
                owner. After the manifests moved to another machine, or after .cube was lost, claim the owner again.
                """))

        @OptionGroup var options: DirectiveOptions

        func run() async throws {
            let memory = ReconcilerMemory(
                directory: options.manager.place.data.path, files: LocalFileSystem(), logger: CommandLog.quiet)
            guard let source = memory.knownIdentity?.source else {
                throw Failure(
                    "no reconciler has run on \(options.manager.place.data.path) yet, so there is no source to claim the owner for",
                    hint: "start one first, with `cube up` or `cube reconcile`")
            }
            try await options.give(.claim, source.rawValue)
            let place = options.manager.place
            let followed = try WrittenStatus(data: place.data).summary()?.source.words ?? "\(place.manifests)"
            Terminal.output("Owner \(try options.owner.owner) is now bound to \(followed).")
        }
    }

    struct Forget: Command {
        static let configuration = CommandConfiguration(
            commandName: "forget", abstract: "Remove an owner that has no tasks.",
            discussion: "This also removes its slot records, so completed jobs may run again.")

        @Argument(help: "The owner.", transform: OwnerName.parse)
        var name: OwnerName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().forget(name)
            Terminal.output("\(name) is forgotten.")
        }
    }
}

extension [Directive] {
    /// The directives that have not expired, newest first.
    fileprivate var newest: [Directive] {
        filter { $0.expiresAt.map { $0 > .now } ?? true }.sorted { $0.revision > $1.revision }
    }
}

extension Directive {
    /// The directive in words, such as `restart web (5 m ago)` or `approve 3e4217aac538 (20 s ago)`.
    fileprivate var words: String {
        let subject = Digest(rawValue: subject).map { String($0.hexadecimal.prefix(12)) } ?? subject
        return "\(verb) \(subject)" + (at.map { " (\(Age(since: $0, until: .now)) ago)" } ?? "")
    }
}
