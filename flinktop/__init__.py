"""flinktop: a terminal monitor for Apache Flink clusters."""

__version__ = "0.1.0"
