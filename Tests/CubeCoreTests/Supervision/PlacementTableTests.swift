import CubeCore
import CubeTesting
import CubeTypes
import Testing

@Suite struct PlacementTableTests {
    private static let ids = (0..<6).map {
        TaskID(rawValue: "00000000-0000-5000-8000-00000000000\($0)")!
    }

    @Test func `The changes since a number are those that a comparison of all records finds`() {
        var random = SeededGenerator()
        let seed = random.seed
        var table = PlacementTable(incarnation: "a")
        var sequences: [TaskID: Int] = [:]
        for step in 1...400 {
            let id = Self.ids.randomElement(using: &random)!
            if Int.random(in: 0..<4, using: &random) == 0 {
                table.remove(id)
                sequences[id] = nil
            } else {
                table.put(
                    .tombstone(id, placement: step, at: DurableInstant(wall: Timestamp(milliseconds: Int64(step)))))
                sequences[id] = table.sequence
            }
            for since in [0, table.sequence - 1, table.sequence, Int.random(in: 0...table.sequence, using: &random)] {
                let expected = sequences.filter { $0.value > since }.map(\.key).sorted()
                #expect(table.changes(after: since).records.map(\.id) == expected, "seed \(seed), step \(step)")
            }
            #expect(table.changes(after: nil).records.map(\.id) == sequences.keys.sorted(), "seed \(seed)")
        }
    }

    @Test
    func
        `No order of calls, crashes, full disks and lost records starts a run twice, lowers a term or starts a stopped placement`()
        throws
    {
        let first = SeededGenerator().seed
        var tally: [String: Int] = [:]
        for round in 0..<400 {
            var world = PlacementWorld(seed: first &+ UInt64(round))
            do {
                for _ in 0..<200 { try world.step() }
            } catch {
                Issue.record("seed \(first &+ UInt64(round)): \(error)")
                return
            }
            tally.merge(world.tally, uniquingKeysWith: +)
        }
        print("placements, seed \(first): \(tally.sorted { $0.key < $1.key })")
        for event in [
            "tombstone", "assigned after its stop", "stopped before its predecessor ended", "started", "killed",
            "record lost", "forgotten",
            "published unwritten",
            "goes on with a run whose record was lost", "foreignCluster refused", "staleTerm refused",
            "olderPlacement refused", "placementNotEnded refused", "otherDefinition refused", "otherPlacement refused",
            "olderThanStarted refused", "unrecordedPlacement refused", "unrecordedRun refused", "unknownTask refused",
        ] { #expect(tally[event, default: 0] > 0, "\(event): never, seed \(first)") }
    }

    @Test func `A stop that arrives before its assignment leaves a tombstone, which blocks the assignment`() {
        let assignment = TaskAssignment.example()
        let now = DurableInstant(wall: Timestamp(milliseconds: 0))
        var table = PlacementTable(incarnation: "a")
        let tombstone = WorkerRecord.tombstone(assignment.id, placement: 1, at: now)
        let orders = table.stop(assignment.id, placement: 1, started: nil, now: now)
        #expect(orders == [.record(tombstone, onFullDisk: .fail)])
        table.put(tombstone)
        #expect(table.assign(assignment, started: nil, boot: "a").isEmpty)
        var next = assignment
        next.placement = 2
        #expect(
            table.assign(next, started: nil, boot: "a") == [
                .record(.placement(SupervisedPlacement(next, boot: "a")), onFullDisk: .makeRoom), .attend(next.id),
            ])
    }

    @Test func `A placement that is stopped while an older one is alive never starts`() throws {
        let first = TaskAssignment.example()
        let (id, now) = (first.id, DurableInstant(wall: Timestamp(milliseconds: 0)))
        var table = PlacementTable(incarnation: "a")
        table.put(.placement(SupervisedPlacement(first, boot: "a")))
        func put(_ orders: [PlacementOrder]) {
            for case .record(let record, _) in orders { table.put(record) }
        }
        put(table.stop(id, placement: 3, started: nil, now: now))
        let run = try #require(table.placement(id)).identity(ofRun: 1, boot: "a")
        put(table.observed(.ended(.neverStarted), of: run, output: nil, now: now, jitter: 0))
        #expect(table[id]?.endedAt != nil)
        var later = first
        later.placement = 2
        #expect(
            table.assign(later, started: nil, boot: "a") == [.refuse(.olderPlacement(id, 2, known: 3))])
        later.placement = 3
        let tombstone = WorkerRecord.tombstone(id, placement: 3, at: now)
        #expect(table.assign(later, started: nil, boot: "a") == [.record(tombstone, onFullDisk: .fail)])
        table.put(tombstone)
        later.placement = 4
        #expect(table.assign(later, started: nil, boot: "a").last == .attend(id))
    }

    @Test func `A run without a record continues, and an older run ends before its successor starts`() {
        var assignment = TaskAssignment.example()
        let table = PlacementTable(incarnation: "a")
        let started = StartedRun(placement: 1, number: 4, isAlive: true)
        #expect(
            table.assign(assignment, started: started, boot: "a") == [
                .record(.placement(SupervisedPlacement(assignment, boot: "a", run: 4)), onFullDisk: .makeRoom),
                .attend(assignment.id),
            ])
        assignment.placement = 2
        #expect(
            table.assign(assignment, started: started, boot: "a") == [
                .endUnrecorded(assignment.id), .refuse(.unrecordedPlacement(assignment.id, 1)),
            ])
        let now = DurableInstant(wall: Timestamp(milliseconds: 0))
        #expect(
            table.stop(assignment.id, placement: 1, started: started, now: now) == [
                .endUnrecorded(assignment.id), .refuse(.unrecordedRun(assignment.id)),
            ])
    }

    @Test func `A term never decreases, and the next call writes a term that a full disk rejected`() {
        let cluster = PlacementWorld.cluster
        var table = PlacementTable(incarnation: "a", membership: WorkerMembership(cluster: cluster, term: 4))
        #expect(table.admit(cluster: cluster, term: 4).isEmpty)
        #expect(table.admit(cluster: cluster, term: 3) == [.refuse(.staleTerm(3, accepted: 4))])
        let next = WorkerMembership(cluster: cluster, term: 5)
        #expect(table.admit(cluster: cluster, term: 5) == [.join(next, onFullDisk: .publish)])
        table.join(next, isStored: false)
        #expect(table.admit(cluster: cluster, term: 4) == [.refuse(.staleTerm(4, accepted: 5))])
        #expect(table.admit(cluster: cluster, term: 5) == [.join(next, onFullDisk: .publish)])
        table.join(next, isStored: true)
        #expect(table.admit(cluster: cluster, term: 5).isEmpty)
        // The first cluster must be on disk before it takes effect.
        #expect(
            PlacementTable(incarnation: "a").admit(cluster: cluster, term: 1) == [
                .join(WorkerMembership(cluster: cluster, term: 1), onFullDisk: .fail)
            ])
    }
}
