// CubeManager
