import CubeTypes
import Testing

@testable import CubeCore

struct ImageQuestionsTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)
    private let web = WorkloadName(rawValue: "web")!
    private let db = WorkloadName(rawValue: "db")!

    private func image(_ reference: String) -> WatchedImage {
        WatchedImage(reference: reference, update: ImageUpdate(policy: .semver))
    }

    @Test func `Each image is asked about once, by name, and again after an hour or when it changes`() {
        var questions = ImageQuestions()
        #expect(questions.pause(at: start) == nil)
        let isChange = [
            questions.watch([web: image("shop:1"), db: image("db:1")]),
            questions.watch([web: image("shop:1"), db: image("db:1")]),
        ]
        #expect(isChange == [true, false])
        #expect(questions.pause(at: start) == .zero)
        #expect(questions.next(at: start)?.name == db)
        questions.answered(db, image("db:1"), newest: nil, at: start)
        #expect(questions.next(at: start)?.name == web)
        questions.answered(web, image("shop:1"), newest: "shop:2", at: start)
        #expect(questions.next(at: start + .seconds(3599)) == nil)
        #expect(questions.pause(at: start + .seconds(3599)) == .seconds(1))
        #expect(questions.next(at: start + .seconds(3600))?.name == db)
        #expect(questions.found == [web: NewerImage(than: "shop:1", newest: "shop:2")])

        _ = questions.watch([web: image("shop:2")])
        let forgets = [questions.forgetOthers(), questions.forgetOthers()]
        #expect(forgets == [true, false])
        #expect(questions.found.isEmpty && questions.next(at: start)?.image == image("shop:2"))
    }

    @Test func `A registry that does not answer is asked again after a minute, then two, up to an hour`() {
        var questions = ImageQuestions()
        _ = questions.watch([web: image("shop:1")])
        questions.answered(web, image("shop:1"), newest: "shop:2", at: start)
        var (now, pauses) = (start, [Int]())
        for failure in 0..<8 {
            let said = questions.failed(web, image("shop:1"), because: "away", at: now)
            #expect((said != nil) == (failure == 0), "only the first of equal problems is news")
            let pause = questions.pause(at: now)!
            pauses.append(Int(pause / .seconds(60)))
            now = now + pause
            #expect(questions.next(at: now)?.name == web)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60])
        let refused = questions.failed(web, image("shop:1"), because: "refused", at: now)
        #expect(refused == .seconds(3600), "another problem is news")
        #expect(questions.found[web]?.newest == "shop:2", "the last answer stays valid")
        questions.answered(web, image("shop:1"), newest: nil, at: now)
        let away = questions.failed(web, image("shop:1"), because: "away", at: now)
        #expect(away == .seconds(60), "an answer ends a series of failures")
    }
}
