"""Facts about jobs, vertices, checkpoints, processes: frozen values computed from answers."""
