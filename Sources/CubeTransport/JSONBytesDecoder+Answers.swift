import CubeErrors
package import CubeJSON
import CubeTypes

extension JSONBytesDecoder {
    /// Decodes the response of a server that may be newer than this program. Optional values that cannot be read are skipped.
    package static func answer<Answer: Decodable>(
        _ type: Answer.Type = Answer.self, from bytes: [UInt8]
    ) throws -> Answer {
        try value(
            type, from: bytes, userInfo: [.isLenient: true], repeated: RepeatedValues(of: TaskDefinition.self))
    }
}
