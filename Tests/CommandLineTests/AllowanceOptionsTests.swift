import ArgumentParser
import CubeTypes
import Testing

@testable import cube

struct AllowanceOptionsTests {
    @Test func `A worker allows nothing by default`() throws {
        #expect(try AllowanceOptions.parse([]).allowances == .none)
    }

    @Test func `The options of a worker say what its tasks may have`() throws {
        let options = try AllowanceOptions.parse([
            "--allow-capability", "SYS_TIME", "--allow-capability", "NET_ADMIN", "--allow-capability", "NET_ADMIN",
            "--allow-device", "/dev/net/tun", "--allow-host-network", "--allow-mount", "/srv/", "--allow-mount",
            "/etc/web:ro",
        ])
        #expect(
            try options.allowances
                == NodeAllowances(
                    capabilities: ["NET_ADMIN", "SYS_TIME"], devices: ["/dev/net/tun"], hostNetwork: true,
                    mounts: [AllowedMount(path: "/etc/web", readOnly: true), AllowedMount(path: "/srv")]))
    }

    @Test(
        arguments: [
            (
                ["--allow-capability", "CAP_NET_ADMIN"],
                "\"CAP_NET_ADMIN\" must be a capability of Linux without CAP_, such as NET_ADMIN; did you mean \"NET_ADMIN\"?"
            ),
            (["--allow-capability", "ALL"], "name each capability"),
            (["--allow-device", "tun"], "\"tun\" must be an absolute path below /dev"),
            (["--allow-device", "/dev/../etc"], "must be an absolute path below /dev"),
            (["--allow-mount", "srv"], "\"srv\" must be an absolute path without \"..\", optionally followed by :ro"),
            (["--allow-mount", "/srv/../etc"], "must be an absolute path"),
        ])
    func `A value that cannot be meant is refused with the rule`(arguments: [String], message: String) {
        let error = #expect(throws: (any Error).self) { try AllowanceOptions.parse(arguments) }
        #expect(AllowanceOptions.message(for: error!).contains(message), "\(AllowanceOptions.message(for: error!))")
    }
}
