// CubeReconciler
