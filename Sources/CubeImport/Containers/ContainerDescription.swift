import CubeCore
import CubeJSON

/// A container as an engine describes it (`GET /containers/{id}/json`), beside the configuration of its image.
struct ContainerDescription {
    let root: JSONValue
    /// The configuration of the image; `nil` if it is not known.
    let image: JSONValue?
    let id: String
    let name: String
    let labels: [String: String]

    /// Parses the descriptions of a container and of its image.
    ///
    /// - Throws: A note if the description is not that of a container.
    init(_ bytes: [UInt8], images: [String: [UInt8]]) throws(ImportNote) {
        let file = SourceFile(name: "the container engine", directory: "/")
        func invalid(_ problem: String) -> ImportNote {
            ImportNote(.error, .syntax, "the description of a container \(problem)", at: SourcePlace(file))
        }
        do throws(Problem) { root = try JSONDocument(reading: bytes).root } catch {
            throw invalid("is not JSON: \(error.summary)")
        }
        guard let id = root["Id"]?.string, let name = root["Name"]?.string else { throw invalid("has no name") }
        self.id = id
        self.name = name.hasPrefix("/") ? String(name.dropFirst()) : name
        labels = Self.strings(root["Config"]?["Labels"])
        let imageID = root["Image"]?.string ?? ""
        image = (images[imageID] ?? images["sha256:\(imageID)"]).flatMap {
            // Without its description, everything that came from the image is taken for the container's own.
            try? JSONDocument(reading: $0).root["Config"]
        }
    }

    static func strings(_ object: JSONValue?) -> [String: String] {
        Dictionary((object?.members.map { ($0.key.text, $0.value.string ?? "") }) ?? []) { first, _ in first }
    }

    /// Whether Cube itself runs the container.
    var isOwn: Bool { labels[ContainerSpec.Label.task] != nil }

    /// The Compose project that the container belongs to.
    var project: String? { labels["com.docker.compose.project"] }

    /// The Compose service that the container belongs to.
    var composeService: String? { labels["com.docker.compose.service"] }

    /// The file that notes name.
    var place: SourcePlace { SourcePlace(SourceFile(name: "container \(name)", directory: "/")) }

    var config: JSONValue? { root["Config"] }
    var host: JSONValue? { root["HostConfig"] }

    /// Whether Podman runs the container.
    var isOfPodman: Bool { config?["Env"]?.texts.contains("container=podman") == true }

    /// The variables as `NAME=value`, except those that Podman adds to every container.
    var environment: [String] {
        let variables = config?["Env"]?.texts ?? []
        guard isOfPodman else { return variables }
        return variables.filter { variable in
            !["container=", "HOSTNAME=", "TERM=xterm", "HOME="].contains(where: variable.hasPrefix)
                && variable != "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        }
    }

    /// The names of the volumes that the container mounts, except anonymous ones.
    var volumes: [String] { (root["Mounts"].map { Array($0.elements) } ?? []).compactMap(Self.volume) }

    /// The name of the volume that a mount consists of; `nil` for an anonymous volume and for other kinds of mounts.
    static func volume(_ mount: JSONValue) -> String? {
        guard mount["Type"]?.string == "volume" else { return nil }
        let name = mount["Name"]?.string ?? ""
        let isAnonymous = name.utf8.count == 64 && name.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
        return isAnonymous ? nil : name
    }

    /// The names of the networks that the container belongs to, sorted.
    var networks: [String] { (root["NetworkSettings"]?["Networks"]?.members.map(\.key.text) ?? []).sorted() }

    /// The addresses in a network that were chosen for the container, by the keys of Compose.
    func addresses(in network: String) -> [(key: String, address: String)] {
        let member = root["NetworkSettings"]?["Networks"]?.members.first { $0.key.text == network }
        let configuration = member?.value["IPAMConfig"]
        var addresses: [(key: String, address: String)] = []
        for (key, name) in [("ipv4_address", "IPv4Address"), ("ipv6_address", "IPv6Address")] {
            guard let address = configuration?[name]?.string, !address.isEmpty else { continue }
            addresses.append((key: key, address: address))
        }
        return addresses
    }
}

extension JSONValue {
    /// The integer, if the value is one other than 0, which stands for "not set" in descriptions of engines.
    var setInteger: Int? {
        guard let number = number?.integer(), number != 0 else { return nil }
        return Int(number)
    }

    var texts: [String] { elements.compactMap(\.string) }
}
