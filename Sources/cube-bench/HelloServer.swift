import ArgumentParser
import FoundationEssentials
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// The least that a server on Hummingbird does: the peer of the manager, as a process of its own.
struct HelloServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hello", abstract: "Serve fixed answers, for comparison.", shouldDisplay: false)

    @Option(help: "File that receives the port.") var portFile: String
    @Option(help: "Length of the answer in bytes.") var length = 5

    func run() async throws {
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: length)
        let router = Router()
        router.get("/") { _, _ in Response(status: .ok, body: ResponseBody(byteBuffer: body)) }
        router.post("/") { request, _ in
            _ = try await request.body.collect(upTo: 8 << 20)
            return Response(status: .ok, body: ResponseBody(byteBuffer: body))
        }
        let portFile = portFile
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                do { try Data("\(port)".utf8).write(to: URL(filePath: portFile), options: .atomic) } catch {
                    print("cannot write \(portFile): \(error)")
                }
            }, logger: Logger(label: "cube-bench") { _ in SwiftLogNoOpLogHandler() })
        try await application.runService()
    }
}
