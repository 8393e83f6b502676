import CubeTypes
import Testing

@testable import CubeCore

@Suite("Digest key")
struct DigestKeyTests {
    private static let key = DigestKey(hexadecimal: String(repeating: "0b", count: 32))!
    private static let digest = Digest(rawValue: "sha256:" + String(repeating: "ab", count: 32))!

    @Test func `a keyed digest is the HMAC of the text of the digest`() {
        // printf sha256:abab… | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b…
        #expect(
            Self.key.keyed(Self.digest).rawValue
                == "sha256:daf72e1ce99b3390807526ec9c094078838db3e5df0d9f428f6435bfafc491a4")
    }

    @Test func `a key has 64 hexadecimal digits, and its description hides them`() {
        #expect(DigestKey(hexadecimal: Self.key.hexadecimal) == Self.key)
        #expect(DigestKey(hexadecimal: "0b") == nil)
        #expect(DigestKey(hexadecimal: String(repeating: "zz", count: 32)) == nil)
        #expect(!"\(Self.key)".contains("0b"))
    }

    @Test func `a plan shows only keyed digests, equal for equal content, and approvals match them`() throws {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", "one", env: ["PIN": "1234"]))
        world.read()
        world.settle()
        let plain = try #require(
            world.planner.observed?.workloads[WorkloadName(rawValue: "web")!]?.live.first?.specDigest)
        var list = world.list
        list.digestKey = Self.key.hexadecimal
        var planner = Planner(owner: PlanningWorld.owner, oneShot: true)
        var reader = world
        reader.planner = planner
        reader.read()
        planner = reader.planner
        planner.update(ObservedState(list, of: PlanningWorld.owner))
        let plan = planner.pass(now: world.now)
        let report = try #require(plan.reports.values.compactMap { $0 }.first)
        #expect(report.status.desiredDigest == Self.key.keyed(plain))
        #expect(report.status.observedDigest == Self.key.keyed(plain))
        #expect(report.status.tasks.map(\.specDigest) == [Self.key.keyed(plain)])
        #expect(plan.summary.desiredDigest == plan.summary.convergedDigest)
        #expect(plan.summary.desiredDigest == Self.key.keyed(planner.desired.digest))
        #expect(planner.departures(from: planner.document(plan, at: world.now)) == [])
    }
}
