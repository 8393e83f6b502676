import CubeErrors
package import FoundationEssentials

extension JSONDecoder {
    /// Reads the answers of a server, which may be newer than this program: what an answer may leave out is passed over where it
    /// cannot be read.
    package static var ofAnswers: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.userInfo[.isLenient] = true
        return decoder
    }
}
