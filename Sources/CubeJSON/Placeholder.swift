// CubeJSON
