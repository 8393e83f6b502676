// CubeServer
