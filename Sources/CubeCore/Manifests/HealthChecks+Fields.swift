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
                    .invalidValue, "health.\(name).\(probe).port: \(Quoted(port)) is none of its tcp ports",
                    detail: .word(port, among: declared), at: value)
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
                    "A GET request to the loopback address. A status of 200 to 399 passes."),
                Field(
                    "tcp", \.tcp, FieldType.object(TCPProbe.fields, example: ["port": "http"]).optional,
                    "A connection to the loopback address. A connection that is accepted passes."),
                Field(
                    "command", \.command, .strings, example: ["web", "ping"],
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
        ], standard: HTTPProbe(port: .number(0)))
}

extension TCPProbe {
    fileprivate static let fields = FieldTable<TCPProbe>(
        [
            Field("port", \.port, .port, isRequired: true, "A port by its name in `ports`, or by number.")
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

extension FieldType<String> {
    /// What may stand in a request line.
    fileprivate static let urlPath = string(
        "path of a URL", example: "/healthz", schema: ["pattern": "^/[!-~]*$"],
        rule: "must begin with \"/\" and hold no space or control character",
        parse: { text in
            text.hasPrefix("/") && text.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? text : nil
        },
        write: { .string($0) })
}
