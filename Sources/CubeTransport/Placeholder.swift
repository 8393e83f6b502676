// CubeTransport
