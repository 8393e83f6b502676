import CubeErrors
import CubeJSON
import CubeVersion

extension APIError: DescribedObject {
    static let summary = "The error of a failed call."
    static let offTheWire: Set = ["retryAfter", "isFromServer"]
    static let properties: [Property<APIError>] = [
        Property("code", \.code, "An HTTP-like status code.", ["minimum": 400, "maximum": 599]),
        Property("reason", \.reason, "A stable word that identifies the error for programs."),
        Property("message", \.message, "A message for people, with the subject, the value and the rule."),
        Property("details", \.details, "Further details, by name.", ["type": ["object", "null"]]),
        Property("fields", \.fields, "All invalid fields of the input.", isRequired: false),
        Property("retry", \.retry, "Whether a retry of the same call can succeed.", isRequired: false),
        Property(
            "request_id", \.requestID, "The id of the request in the server's log.", ["type": ["string", "null"]]),
    ]
}

extension ValidationError: DescribedObject {
    static let summary = "An invalid field of the input."
    static let properties: [Property<ValidationError>] = [
        Property("field", \.field, "Path of the field, such as `task.definition.cpu`."),
        Property("value", \.value, "The given value, shortened; absent if the field is missing or secret."),
        Property("message", \.message, "The rule that the value breaks."),
    ]
}

extension VersionInfo: DescribedObject {
    static let summary = "The versions of a server."
    static let properties: [Property<VersionInfo>] = [
        Property("version", \.version, "Version of the product, according to Semantic Versioning."),
        Property("api", \.api, "Preferred version of the HTTP API, such as 1 for `v1` in paths."),
        Property("oldest_api", \.oldestAPI, "Oldest supported version of the HTTP API.", isRequired: false),
    ]
}

/// The successful response of `/healthz`, `/readyz` and `/webhook`.
struct Health: Codable {
    var status: String
}

extension Health: DescribedObject {
    static let summary = "A successful status."
    static let properties: [Property<Health>] = [Property("status", \.status, "`ok`, `ready` or `accepted`.")]
}
