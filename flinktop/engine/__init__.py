"""The engine: polls a cluster and keeps its answers. It never imports the user interface."""
