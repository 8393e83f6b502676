import CubeJSON
import CubeTypes

extension HealthChecks {
    static let fields = FieldTable<HealthChecks>(
        [
            Field(
                "ready", \.ready,
                FieldType.object(HealthCheck.fields(standard: .ready), example: ["http": ["port": "http"]]).optional,
                "The check that says whether the task is ready for work. Without this check, a task that runs is ready."
            ),
            Field(
                "live", \.live,
                FieldType.object(HealthCheck.fields(standard: .live), example: ["tcp": ["port": "http"]]).optional,
                "The check that says whether the task is alive. When it fails, the run ends as `unhealthy`, and `restart` "
                    + "decides what follows."),
        ], standard: HealthChecks.none, foreignKeys: ForeignKeys.health)
}

extension HealthChecks {
    /// Reports a check of a port that the task does not have.
    ///
    /// - Parameter object: the manifest.
    func checkPorts(declared: [String], _ object: JSONValue, _ reader: inout FieldReader) {
        for (name, check) in [("ready", ready), ("live", live)] {
            for (probe, port) in [("http", check?.http?.port), ("tcp", check?.tcp?.port)] {
                guard case .name(let port) = port, !declared.contains(port),
                    let value = object["health"]?[name]?[probe]?["port"]
                else { continue }
                reader.report(
                    .invalidValue, "\(Quoted(port)) is none of its tcp ports", detail: .word(port, among: declared),
                    at: value.range, below: .field("health"), .field(name), .field(probe), .field("port"))
            }
        }
    }
}

extension HealthCheck {
    /// - Parameter standard: the check whose times hold where nothing is written.
    fileprivate static func fields(standard: HealthCheck) -> FieldTable<HealthCheck> {
        FieldTable<HealthCheck>(
            [
                Field(
                    "http", \.http,
                    FieldType.object(HTTPProbe.fields, example: ["port": "http", "path": "/healthz"]).optional,
                    "A GET request, to the loopback address unless `host` is given. The answer is read to its end, up to "
                        + "10 KiB of it; interim answers (1xx) are passed over."),
                Field(
                    "tcp", \.tcp, FieldType.object(TCPProbe.fields, example: ["port": "http"]).optional,
                    "A connection, to the loopback address unless `host` is given. One that is accepted passes."),
                Field(
                    "command", \.command, .arguments, example: ["web", "ping"],
                    "A program and its arguments, run as the task itself is. Exit code 0 passes."),
                Field(
                    "interval", \.interval, .duration(.milliseconds(100) ... .day),
                    "The time from the start of one check to the start of the next."),
                Field(
                    "timeout", \.timeout, .duration(.milliseconds(10) ... .seconds(3600)),
                    "How long a check may take. A check that takes longer has failed."),
                Field(
                    "retries", \.retries, .integer(1...1000),
                    "How many failures in a row count as a failure of the task."),
                Field(
                    "start_period", \.startPeriod, .duration(.zero ... .day),
                    "How long after a start failures do not count, or until the first success."),
            ], standard: standard, foreignKeys: ForeignKeys.healthCheck,
            condition: [
                "oneOf": [
                    ["required": ["http"]], ["required": ["tcp"]],
                    ["required": ["command"], "properties": ["command": ["minItems": 1]]],
                ]
            ],
            check: { check, object, reader in
                let probes = ["http", "tcp", "command"].filter { object[$0] != nil }
                if probes.count != 1 {
                    reader.report(
                        .invalidValue,
                        "needs exactly one of http, tcp, command, and has \(probes.isEmpty ? "none" : probes.joined(separator: ", "))",
                        at: probes.dropFirst().first.flatMap { object[$0]?.range } ?? object.opening)
                } else if let command = object["command"], check.command.first?.isEmpty ?? true {
                    reader.report(.outOfRange, "command: must name a program", at: command)
                }
            })
    }
}

extension HTTPProbe {
    fileprivate static let fields = FieldTable<HTTPProbe>(
        [
            Field("port", \.port, .port, isRequired: true, "A port by its name in `ports`, or by number."),
            Field("path", \.path, .urlPath, "The path of the request, with its query."),
            Field(
                "scheme", \.scheme, .oneOf([HTTPProbe.Scheme.http, .https]),
                "How the server is spoken to: `https` is over TLS."),
            Field(
                "host", \.host, FieldType<String>.hostName.optional, default: "the loopback address",
                "The name or address to connect to. It is also sent as `Host`, and is the name that TLS asks for, unless "
                    + "`headers` has a `Host`."),
            Field(
                "headers", \.headers, .headers,
                "Headers of the request. They replace the `Host`, `User-Agent` and `Accept` that a check sends. Views show "
                    + "them, so they are no place for a secret."),
            Field("status", \.status, .statuses, "The statuses that pass."),
            Field(
                "verify", \.verify, .boolean,
                "Whether the certificate of an `https` server must be valid and trusted for the name that TLS asks for."
            ),
        ], standard: HTTPProbe(port: .number(0)), foreignKeys: ForeignKeys.http,
        check: { probe, object, reader in
            if probe.verify, probe.scheme != .https, let verify = object["verify"] {
                reader.report(
                    .invalidValue, "verify: is for https only", detail: "\"scheme\": \"https\" speaks TLS",
                    at: verify)
            }
        })
}

extension TCPProbe {
    fileprivate static let fields = FieldTable<TCPProbe>(
        [
            Field("port", \.port, .port, isRequired: true, "A port by its name in `ports`, or by number."),
            Field(
                "host", \.host, FieldType<String>.hostName.optional, default: "the loopback address",
                "The name or address to connect to."),
        ], standard: TCPProbe(port: .number(0)))
}

extension FieldType<PortReference> {
    fileprivate static let port = FieldType(
        ValueForm(phrase: "name of a port, or integer from 1 to 65535", example: "http"),
        schema: ["type": ["string", "integer"], "minimum": 1, "maximum": 65_535, "minLength": 1],
        read: { value, reader in
            if let text = value.string {
                if text.isEmpty { reader.report(.invalidValue, "must not be empty", at: value) }
                return .name(text)
            }
            guard let number = value.number else {
                reader.reportMismatch(value, expected: "the name of a port or a number")
                return nil
            }
            if let port = number.integer(), (1...65_535).contains(port) { return .number(port) }
            reader.report(.outOfRange, "\(number) must be a whole number from 1 to 65535", at: value)
            return nil
        },
        write: {
            switch $0 {
            case .name(let name): .string(name)
            case .number(let number): .integer(Int64(number))
            }
        },
        examine: { port, checker in
            switch port {
            case .name(let name): if name.isEmpty { checker.report("must not be empty") }
            case .number(let number):
                if !(1...65_535).contains(number) { checker.report("must be from 1 to 65535") }
            }
        })
}

extension FieldType<HTTPStatusSet> {
    fileprivate static let statuses = FieldType(
        ValueForm(phrase: "statuses and ranges of them", example: "200,301-308"),
        schema: [
            "type": ["string", "integer"],
            "pattern": "^ *[1-5][0-9]{2}(-[1-5][0-9]{2})?(, *[1-5][0-9]{2}(-[1-5][0-9]{2})?)*$",
            "minimum": 100, "maximum": 599,
        ],
        wire: [
            "type": "string", "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*$",
            "examples": ["200-399", "200,301-308"],
        ],
        read: { value, reader in
            let text = value.string ?? value.number.map { "\($0)" }
            guard let text else {
                reader.reportMismatch(value, expected: "a status or text such as \"200-399\"")
                return nil
            }
            if let statuses = HTTPStatusSet(text) { return statuses }
            reader.report(.invalidValue, "\(Quoted(text)) \(HTTPStatusSet.rule)", at: value)
            return nil
        },
        write: { .string("\($0)") })
}

extension FieldType<[String: String]> {
    /// What a request can carry; the headers that say how it is framed are not to be had.
    fileprivate static let headers = strings(
        example: ["Host": "shop.example"],
        names: ["pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"],
        rule: "must be the name of a header, and none of \(framing.joined(separator: ", "))",
        values: .string(
            "text", example: "shop.example", schema: ["pattern": "^[ -~]*$"],
            rule: "must be printable ASCII", parse: { $0.utf8.allSatisfy { (0x20...0x7e).contains($0) } ? $0 : nil },
            write: { .string($0) }),
        isName: { name in
            !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !separators.contains($0) }
                && !framing.contains { $0.lowercased() == name.lowercased() }
        })

    private static let framing = ["Connection", "Content-Length", "Transfer-Encoding"]
    private static let separators = Set(#"()<>@,;:\"/[]?={}"#.utf8)
}

extension FieldType<String> {
    fileprivate static let hostName = string(
        "host name or IP address", example: "10.0.0.5", schema: ["pattern": "^[A-Za-z0-9._:-]{1,253}$"],
        rule: "must be a host name or an IP address, without a scheme or a port",
        parse: { text in
            let isWord =
                (1...253).contains(text.utf8.count)
                && text.unicodeScalars.allSatisfy {
                    $0.isASCII
                        && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
                            || "._:-".unicodeScalars.contains($0))
                }
            // One colon sets off a port; an address of IPv6 has several.
            return isWord && text.utf8.count { $0 == UInt8(ascii: ":") } != 1 ? text : nil
        },
        write: { .string($0) })

    /// What may stand in a request line.
    fileprivate static let urlPath = string(
        "path of a URL", example: "/healthz", schema: ["pattern": "^/[!-~]*$"],
        rule: "must begin with \"/\" and hold no space or control character",
        parse: { text in
            text.hasPrefix("/") && text.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? text : nil
        },
        write: { .string($0) })
}
