// CubeWorkerClient
