"""A local Flink from the PyPI packages: find them (or say what to install), start it, stop it."""
