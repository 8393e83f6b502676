import CubeTypes
import Testing

@testable import CubeReconciler

@Suite struct DueListingTests {
    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test func `A listing serves all requests from before its start, even while it is in progress`() {
        var listing = DueListing()
        var news = [listing.ask(for: at(2)), listing.ask(for: at(2))]
        listing.begin(at: at(3))
        #expect(listing.at == nil)
        news.append(listing.ask(for: at(2)))
        #expect(listing.at == nil)
        news.append(listing.ask(for: at(5)))
        #expect(listing.at == at(5))
        #expect(news == [true, false, false, true])
    }

    @Test func `A later listing stays due until its request is withdrawn`() {
        var listing = DueListing()
        var news = [listing.ask(for: at(9))]
        listing.begin(at: at(3))
        #expect(listing.at == at(9))
        news.append(listing.ask(for: nil))
        #expect(listing.at == nil)
        #expect(news == [true, false])
    }
}
