package import CubeCore
import CubeTypes

extension Hint {
    /// The command that carries out the hint.
    package var command: String {
        switch self {
        case .approve(let digest): "cube approve \(digest.hexadecimal.prefix(12))"
        case .retry(let name): "cube retry \(name)"
        case .resume(let name): "cube resume \(name)"
        case .adopt(let name, from: .manual): "cube adopt \(name)"
        case .adopt(let name, from: let owner): "cube adopt \(name) --from \(owner)"
        case .claim(.default): "cube owner claim"
        case .claim(let owner): "cube owner claim --owner \(owner)"
        case .updateImage(let name): "cube image update \(name)"
        case .showTask(let id): "cube task show \(id)"
        }
    }
}
