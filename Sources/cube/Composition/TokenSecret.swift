import CubeCore
import CubeSystem
import CubeTypes

/// The secret of a new token.
struct TokenSecret {
    /// The secret as text: 256 random bits in hexadecimal digits.
    let text: String

    init(random: RandomSource = .system) {
        text = Hexadecimal.text(random.bytes(32))
    }

    /// The digest, by which the manager recognises the secret.
    var digest: Digest { .sha256(of: text) }
}
