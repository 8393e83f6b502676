// CubeManagerClient
