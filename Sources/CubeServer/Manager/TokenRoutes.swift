import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func tokens(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/tokens"
        return [
            Route(
                .get, prefix, .writer,
                Operation("listTokens", "Lists the tokens that the manager issued, by name.", .ok(TokenList.self))
            ) { _ in try .json(try await manager.tokenList()) },
            Route(
                .post, prefix, .writer,
                Operation(
                    "issueToken",
                    "Issues a token. The caller creates the secret and sends only its digest, so repeating the call changes nothing. A "
                        + "token never issues one that lives longer than itself.",
                    .json(201, TokenInfo.self, "The token is issued."),
                    .ok(TokenInfo.self, "The token was already issued; nothing was changed."),
                    errors: [.conflict]), .body(TokenRequest.self)
            ) { _, request in
                let (token, created) = try await manager.issueToken(request)
                return try .json(token, status: created ? .created : .ok)
            },
            Route(
                .delete, "\(prefix)/{name}", .writer,
                Operation(
                    "revokeToken", "Revokes a token. Calls with it are refused from then on, and calls that wait end.",
                    .nothing("The token is revoked."), errors: [.tokenNotFound]),
                .path("name", as: TokenName.self, "Name of the token.")
            ) { _, name in
                try await manager.revokeToken(name)
                return .noContent
            },
        ]
    }
}
