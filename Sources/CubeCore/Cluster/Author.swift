package import CubeTypes

/// Who makes a change, and from where, as the history names them.
package struct Author: Hashable, Sendable {
    /// The name; see ``TaskEvent/actor``.
    package var name: String
    /// The address; see ``TaskEvent/origin``.
    package var origin: String?
    /// The token that the manager issued to the author; `nil` if the author has another token or needs none.
    package var token: TokenName?

    package init(name: String, origin: String? = nil, token: TokenName? = nil) {
        self.name = name
        self.origin = origin
        self.token = token
    }
}
