import CubeJSON
import CubeTypes

extension HealthChecks {
    static let fields = FieldTable<HealthChecks>(
        [
            Field(
                "ready", \.ready,
                FieldType.object(HealthCheck.fields(standard: .ready), example: ["http": ["port": "http"]]).optional,
                "The check that determines whether the task is ready for work. Without this check, a running task is ready."
            ),
            Field(
                "live", \.live,
                FieldType.object(HealthCheck.fields(standard: .live), example: ["tcp": ["port": "http"]]).optional,
                "The check that determines whether the task is alive. When it fails, the run ends as `unhealthy`, and `restart` "
                    + "decides what follows."),
        ], standard: HealthChecks.none, foreignKeys: ForeignKeys.health)
}

extension HealthChecks {
    /// Reports each check that names an undeclared port.
    ///
    /// - Parameter object: the manifest.
    func checkPorts(declared: [String], _ object: JSONValue, _ reader: inout FieldReader) {
        for (name, check) in [("ready", ready), ("live", live)] {
            for (probe, port) in [("http", check?.http?.port), ("tcp", check?.tcp?.port)] {
                guard case .name(let port) = port, !declared.contains(port),
                    let value = object["health"]?[name]?[probe]?["port"]
                else { continue }
                reader.report(
                    .invalidValue, "\(Quoted(port)) is not a declared tcp port", detail: .word(port, among: declared),
                    at: value.range, below: .field("health"), .field(name), .field(probe), .field("port"))
            }
        }
    }
}

extension HealthCheck {
    /// - Parameter standard: the check with the default times.
    fileprivate static func fields(standard: HealthCheck) -> FieldTable<HealthCheck> {
        FieldTable<HealthCheck>(
            [
                Field(
                    "http", \.http,
                    FieldType.object(HTTPProbe.fields, example: ["port": "http", "path": "/healthz"]).optional,
                    "A GET request, to the loopback address unless `host` is given. The check reads the response to its end, "
                        + "up to 10 KiB, and ignores interim responses (1xx)."),
                Field(
                    "tcp", \.tcp, FieldType.object(TCPProbe.fields, example: ["port": "http"]).optional,
                    "A connection, to the loopback address unless `host` is given. The check passes if the connection is "
                        + "accepted."),
                Field(
                    "command", \.command, .arguments, example: ["web", "ping"],
                    "A program and its arguments, run with the task's user, environment and directory. The check passes with exit "
                        + "code 0."),
                Field(
                    "interval", \.interval, .duration(.milliseconds(100) ... .day),
                    "The time from the start of one check to the start of the next."),
                Field(
                    "timeout", \.timeout, .duration(.milliseconds(10) ... .seconds(3600)),
                    "How long a check may take. A check that takes longer has failed."),
                Field(
                    "retries", \.retries, .integer(1...1000),
                    "The number of consecutive failed checks after which the task has failed the check."),
                Field(
                    "start_period", \.startPeriod, .duration(.zero ... .day),
                    "How long after the start of a run failures do not count. The period ends early with the first success."
                ),
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
                        "must have exactly one of http, tcp, command, but has \(probes.isEmpty ? "none" : probes.joined(separator: ", "))",
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
                "The protocol: `https` uses TLS."),
            Field(
                "host", \.host, FieldType<String>.hostName.optional, default: "the loopback address",
                "The name or address to connect to. It is also the `Host` header and the TLS server name, unless `headers` "
                    + "contains a `Host`."),
            Field(
                "headers", \.headers, .headers,
                "Headers of the request. They replace the default `Host`, `User-Agent` and `Accept`. Status output shows "
                    + "them, so do not put secrets here."),
            Field("status", \.status, .statuses, "The status codes with which the check passes."),
            Field(
                "verify", \.verify, .boolean,
                "Whether the certificate of an `https` server must be valid and trusted for the TLS server name."
            ),
        ], standard: HTTPProbe(port: .number(0)), foreignKeys: ForeignKeys.http,
        check: { probe, object, reader in
            if probe.verify, probe.scheme != .https, let verify = object["verify"] {
                reader.report(
                    .invalidValue, "verify: must not be true without TLS", detail: "set \"scheme\": \"https\"",
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
    /// Headers of a request, except those that define the framing of the message.
    fileprivate static let headers = strings(
        example: ["Host": "shop.example"],
        names: ["pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"],
        rule: "must be the name of a header other than \(framing.joined(separator: ", "))",
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
            // A single colon precedes a port; an IPv6 address has at least two.
            return isWord && text.utf8.count { $0 == UInt8(ascii: ":") } != 1 ? text : nil
        },
        write: { .string($0) })

    /// The target of an HTTP request line.
    fileprivate static let urlPath = string(
        "path of a URL", example: "/healthz", schema: ["pattern": "^/[!-~]*$"],
        rule: "must begin with \"/\" and contain no space, control character or non-ASCII character",
        parse: { text in
            text.hasPrefix("/") && text.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? text : nil
        },
        write: { .string($0) })
}
