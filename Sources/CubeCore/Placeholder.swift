// CubeCore
