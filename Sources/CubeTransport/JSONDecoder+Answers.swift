import CubeErrors
package import FoundationEssentials

extension JSONDecoder {
    /// A decoder for the responses of a server that may be newer than this program. It skips optional values that it cannot read.
    package static var ofAnswers: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.userInfo[.isLenient] = true
        return decoder
    }
}
