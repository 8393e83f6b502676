import CubeImport
import Testing

/// Containers that an engine describes become the manifests of the services that they could have been started from.
@Suite struct ContainerTests {
    private static let image = """
        {"Config": {"Env": ["PATH=/bin", "LANG=C"], "Cmd": ["serve"], "Entrypoint": ["/entry"], "Labels": {"from": "image"},
         "User": "app", "WorkingDir": "/app", "StopSignal": "SIGINT", "Healthcheck": {"Test": ["CMD", "ok"], "Interval": 5000000000}}}
        """

    private static func container(
        _ name: String, config: String = "", host: String = "", other: String = "", network: String = "bridge"
    ) -> String {
        """
        {"Id": "id-\(name)", "Name": "/\(name)", "Image": "sha256:1", \(other)
         "Config": {"Image": "app:1", "Env": ["PATH=/bin", "LANG=C", "A=$(B)"], "Cmd": ["serve"], "Entrypoint": ["/entry"],
           "User": "app", "WorkingDir": "/app", "StopSignal": "SIGINT",
           "Healthcheck": {"Test": ["CMD", "ok"], "Interval": 5000000000}\(config)},
         "HostConfig": {"NetworkMode": "\(network)", "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
           "PidsLimit": null, "ShmSize": 67108864, "IpcMode": "private"\(host)},
         "NetworkSettings": {"Networks": {"shop_default": {}, "shop_front": {}}}}
        """
    }

    private static func importing(_ containers: String..., names: Set<String> = []) -> Import {
        Import.containers(
            containers.map { Array($0.utf8) }, images: ["sha256:1": Array(image.utf8)], names: names, home: nil,
            workingDirectory: "/p"
        ) { $0.hasPrefix("/data") ? .directory : .missing }
    }

    private static func labels(_ service: String, _ more: String = "") -> String {
        """
        , "Labels": {"from": "image", "com.docker.compose.project": "shop", "com.docker.compose.service": "\(service)", "own": "1"\(more)}
        """
    }

    @Test func `what comes from the image is not repeated`() throws {
        let result = Self.importing(Self.container("web"))
        #expect(result.manifests.map(\.name) == ["web"])
        #expect(
            result.manifests[0].text == """
                {
                  "name": "web",
                  "image": "app:1",
                  "env": {"A": "$$(B)"}
                }

                """)
    }

    @Test func `the settings of a container become fields`() throws {
        let result = Self.importing(
            Self.container(
                "db",
                config: #", "Hostname": "db1", "StopTimeout": 30"#,
                host: #"""
                    , "PortBindings": {"5432/tcp": [{"HostIp": "", "HostPort": "15432"}], "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}]},
                    "Memory": 104857600, "NanoCpus": 1500000000, "CapAdd": ["CAP_NET_ADMIN"], "ReadonlyRootfs": true, "Privileged": true,
                    "Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rwm"}],
                    "Ulimits": [{"Name": "RLIMIT_NOFILE", "Soft": 1024, "Hard": 1024}], "Tmpfs": {"/run": "size=1m"}
                    """#,
                other: #"""
                    "Mounts": [{"Type": "bind", "Source": "/data/db", "Destination": "/db", "RW": true},
                      {"Type": "volume", "Name": "pg", "Source": "/x", "Destination": "/pg", "RW": false}],
                    """#))
        #expect(
            result.manifests[0].text == """
                {
                  "name": "db",
                  "image": "app:1",
                  "env": {"A": "$$(B)"},
                  "limits": {"memory": "100MiB", "cpu": 1.5, "open_files": 1024},
                  "ports": [{"name": "postgres", "container": 5432, "host": 15432}],
                  "volumes": [
                    {"source": "/data/db", "target": "/db"},
                    {"name": "pg", "target": "/pg", "read_only": true},
                    {"scratch": "1MiB", "target": "/run"}
                  ],
                  "security": {"read_only_root": true, "capabilities": ["NET_ADMIN"], "devices": ["/dev/fuse"]},
                  "stop": {"grace": "30s"}
                }

                """)
        #expect(result.notes.filter { $0.level == .omitted }.compactMap(\.key) == ["ports", "hostname", "privileged"])
        #expect(
            result.workerOptions == [
                "--allow-capability NET_ADMIN", "--allow-device /dev/fuse", "--allow-mount /data/db",
            ])
    }

    @Test func `the containers of a Compose service become one manifest, and the last note stops dependents first`()
        throws
    {
        let network = "shop_default"
        let web = Self.labels("web", #", "com.docker.compose.depends_on": "db:service_healthy:false""#)
        let result = Self.importing(
            Self.container("shop-web-2", config: web, network: network),
            Self.container("shop-db-1", config: Self.labels("db"), network: network),
            Self.container("shop-web-1", config: web, network: network),
            Self.container("side", network: "container:id-shop-db-1"))
        #expect(result.manifests.map(\.name) == ["db", "side", "web"])
        #expect(
            result.manifests[2].text == """
                {
                  "name": "web",
                  "image": "app:1",
                  "env": {"A": "$$(B)"},
                  "network": {"join": ["default", "front"]},
                  "labels": {"own": "1"},
                  "replicas": 2,
                  "depends_on": ["db"]
                }

                """)
        #expect(result.manifests[1].text.contains(#""network": {"of": "db"}"#))
        let last = try #require(result.notes.last)
        #expect(last.level == .todo && last.message.hasSuffix("docker stop shop-web-1 shop-web-2 side shop-db-1"))
    }

    @Test func `the services, volumes and networks of two Compose projects stay apart`() throws {
        let network = "shop_default"
        let volume = #"{"Type": "volume", "Name": "shop_data", "Source": "/x", "Destination": "/db", "RW": true}"#
        let db = Self.container(
            "shop-db-1", config: Self.labels("db"), other: "\"Mounts\": [\(volume)],", network: network)
        let dependsOnDB = #", "com.docker.compose.depends_on": "db:service_started:false""#
        let web = Self.container("shop-web-1", config: Self.labels("web", dependsOnDB), network: network)
            .replacing(#""A=$(B)""#, with: #""DB_HOST=db""#)
        func of(_ project: String, _ container: String) -> String { container.replacing("shop", with: project) }
        let result = Self.importing(of("a", db), of("a", web), of("b", db), of("b", web))
        try #require(result.manifests.map(\.name) == ["a-db", "a-web", "b-db", "b-web"])
        for (index, project) in ["a", "b"].enumerated() {
            let (db, web) = (result.manifests[2 * index].text, result.manifests[2 * index + 1].text)
            #expect(db.contains(#"{"name": "\#(project)-data", "target": "/db"}"#))
            #expect(web.contains(#""join": ["\#(project)-default", "\#(project)-front"]"#))
            #expect(web.contains(#""depends_on": ["\#(project)-db"]"#))
        }
        #expect(
            result.notes.filter { $0.reason == .hostName }.map(\.message) == [
                "it mentions db, which other containers reach as a-db now",
                "it mentions db, which other containers reach as b-db now",
            ])
    }

    @Test func `a dependency that is not imported is not taken for a service of another project`() {
        let dependsOnDB = #", "com.docker.compose.depends_on": "db:service_started:false""#
        let web = Self.container("shop-web-1", config: Self.labels("web", dependsOnDB), network: "shop_default")
        let db = Self.container("other-db-1", config: Self.labels("db").replacing("shop", with: "other"))
        let result = Self.importing(web, db)
        #expect(result.manifests.map(\.name) == ["db", "web"])
        #expect(result.manifests.last?.text.contains("depends_on") == false)
    }

    @Test func `settings that Cube does not have are noted`() {
        let host = #"""
            , "DeviceRequests": [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}], "Runtime": "nvidia",
            "Links": ["/db:/web/database"], "Memory": 104857600, "MemorySwap": 104857600, "OomScoreAdj": -500
            """#
        let address = #""shop_front": {"IPAMConfig": {"IPv4Address": "10.9.0.5", "IPv6Address": ""}}"#
        let web = Self.container("web", config: Self.labels("web"), host: host, network: "shop_default")
            .replacing(#""shop_front": {}"#, with: address)
        let result = Self.importing(web)
        #expect(
            Set(result.notes.filter { $0.level == .omitted }.compactMap(\.key)) == [
                "gpus", "runtime", "external_links", "memswap_limit", "oom_score_adj", "networks.front.ipv4_address",
            ])
        #expect(result.manifests.first?.text.contains(#""join": ["default", "front"]"#) == true)
    }

    @Test func `what engines set by themselves is not noted`() {
        let host = #"""
            , "DeviceRequests": null, "Runtime": "runc", "Links": null, "Memory": 104857600, "MemorySwap": 209715200,
            "OomScoreAdj": 0
            """#
        let web = Self.container("web", config: Self.labels("web"), host: host, network: "shop_default")
            .replacing(#""shop_front": {}"#, with: #""shop_front": {"IPAMConfig": null}"#)
        #expect(Self.importing(web).isComplete)
    }

    @Test func `what Podman adds to every container is left out`() {
        let config = #", "Hostname": "0123456789ab""#
        let host = #", "PidsLimit": 2048, "ShmSize": 65536000"#
        let podman = Self.container("web", config: config, host: host)
            .replacing(
                #""A=$(B)""#, with: #""container=podman", "TERM=xterm", "HOME=/", "HOSTNAME=0123456789ab", "A=1""#
            )
            .replacing(#""PidsLimit": null, "#, with: "").replacing(#""ShmSize": 67108864, "#, with: "")
        let result = Self.importing(podman)
        #expect(
            result.manifests.first?.text
                == "{\n  \"name\": \"web\",\n  \"image\": \"app:1\",\n  \"env\": {\"A\": \"1\"}\n}\n")
        #expect(result.isComplete)
        #expect(result.notes.last?.message.hasSuffix("podman stop web") == true)
    }

    @Test func `a container that shares the network of one that is not imported is noted with its name`() {
        let side = Self.container("side", network: "container:id-db")
        let result = Self.importing(side, Self.container("db"), names: ["side"])
        #expect(
            result.notes.contains {
                $0.key == "network_mode" && $0.level == .omitted && $0.message.contains("container:db")
            })
    }

    @Test func `the containers of Cube are left alone`() {
        let own = Self.container("cube-web-0", config: #", "Labels": {"cube.task": "1"}"#)
        #expect(Self.importing(own).manifests.isEmpty)
        #expect(Self.importing(own).isComplete)
        #expect(Self.importing(own, Self.container("web")).manifests.map(\.name) == ["web"])
    }

    @Test func `only the named containers are imported, and an unknown name is an error`() {
        let containers = (Self.container("a"), Self.container("b"))
        #expect(Self.importing(containers.0, containers.1, names: ["b"]).manifests.map(\.name) == ["b"])
        #expect(Self.importing(containers.0, containers.1, names: ["b", "c"]).isInvalid)
    }

    @Test func `a description that is not that of a container is an error`() {
        for text in ["", "{}", "[]", #"{"Id": "x"}"#] { #expect(Self.importing(text).isInvalid, "\(text)") }
    }
}
