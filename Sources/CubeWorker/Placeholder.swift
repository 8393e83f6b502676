// CubeWorker
