import Glibc

/// Reads a secret from a person or from a pipe, never from an argument, which other users of the machine could see.
enum SecretPrompt {
    /// Returns the first line of standard input. On a terminal, it prints `prompt`, and the terminal does not show what is typed.
    ///
    /// - Throws: A `Failure` if there is no line, or if the person pressed Ctrl-C.
    static func read(_ prompt: String) throws -> String {
        let line: String?
        if isatty(STDIN_FILENO) == 1 {
            line = try typed(after: prompt)
        } else {
            line = readLine()
        }
        guard let line, !line.isEmpty else {
            throw Failure("no token was given", hint: "type it, pass it to standard input, or set CUBE_TOKEN")
        }
        return line
    }

    private static func typed(after prompt: String) throws -> String? {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { throw Failure("standard input is not a terminal") }
        var silent = settings
        // Without signals, Ctrl-C is a character. As a signal, it would leave a terminal behind that shows nothing.
        silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else {
            throw Failure("cannot switch off the echo of the terminal: \(String(cString: strerror(errno)))")
        }
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            Terminal.write("\n", to: STDERR_FILENO)
        }
        Terminal.write(prompt, to: STDERR_FILENO)
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while Glibc.read(STDIN_FILENO, &byte, 1) == 1, bytes.count < 1024 {
            switch byte {
            case 0x03, 0x04: return nil  // Ctrl-C, Ctrl-D
            case 0x0a, 0x0d: return String(decoding: bytes, as: UTF8.self)
            case 0x08, 0x7f: _ = bytes.popLast()  // Backspace
            default: bytes.append(byte)
            }
        }
        return nil
    }
}
