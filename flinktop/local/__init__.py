"""A real Flink from PyPI on this machine: find or explain the packages, start it, stop it."""
