import CubeJSON
import CubeTypes

extension ImagePull {
    static let fields = FieldTable<ImagePull>(
        [
            Field(
                "policy", \.policy,
                .oneOf(
                    [Policy.missing, .always, .never],
                    foreign: [
                        "ifnotpresent": "missing", "if_not_present": "missing", "ifabsent": "missing",
                        "newer": "always",
                    ]),
                "When the image is pulled. `missing`: if the node does not have it. `always`: before the first start of each "
                    + "task on a node; if that pull fails and the node has the image, the task starts with that image and its "
                    + "message says so. Restarts on the same node use the image that is there, so that an outage of the registry "
                    + "prevents no restart. `never`: not at all; a task whose image is not on its node fails to start."),
            Field(
                "auth", \.auth, FieldType<String>.secretName.optional,
                default: "the worker's `~/.docker/config.json`", example: "secret:ghcr",
                "The credentials for the registry: `secret:NAME`, a file in the worker's secrets directory. It contains "
                    + "`USER:PASSWORD`, or the same in Base64, as in `auth` of Docker's `config.json`."),
        ], standard: ImagePull())
}

extension FieldType<String> {
    /// The name of a secret of the worker, with its prefix.
    fileprivate static let secretName = string(
        "`secret:NAME`", example: "secret:ghcr",
        schema: ["pattern": "^secret:[!-\\-0-~][!-.0-~]{0,254}$", "examples": ["secret:ghcr"]],
        rule: "must be \"secret:NAME\", a file in the worker's secrets directory",
        parse: { ContentSource($0).secret.map(ContentSource.isSecretName) == true ? $0 : nil },
        write: { .string($0) })
}
