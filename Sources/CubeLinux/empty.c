#include "CubeLinux.h"
