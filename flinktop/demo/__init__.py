"""A cluster that does not exist: jobs and their numbers as functions of time, answered in Flink's words."""
