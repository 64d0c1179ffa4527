"""A simulated cluster: jobs and their metrics as functions of time, with answers in Flink's format."""
