import ArgumentParser
import CubeCore
import CubeText
import CubeTypes
import Testing

@testable import cube

@Suite struct HintTests {
    private static let web = WorkloadName(rawValue: "web")!
    private static let shop = OwnerName(rawValue: "shop")!
    private static let task = TaskID(rawValue: "0f3c0000-0000-5000-8000-000000000000")!
    private static let digest = Digest(rawValue: "sha256:" + String(repeating: "0123456789abcdef", count: 4))!

    @Test(arguments: [
        (Hint.approve(digest), "cube approve 0123456789ab"), (.retry(web), "cube retry web"),
        (.resume(web), "cube resume web"), (.adopt(web, from: .manual), "cube adopt web"),
        (.adopt(web, from: shop), "cube adopt web --from shop"), (.claim(.default), "cube owner claim"),
        (.claim(shop), "cube owner claim --owner shop"), (.showTask(task), "cube task show \(task)"),
    ])
    func `each hint names an existing command`(hint: Hint, command: String) throws {
        #expect(hint.command == command)
        _ = try CubeCommand.parseAsRoot(command.split(separator: " ").dropFirst().map(String.init))
    }
}
