"""Flink clusters on Kubernetes: found, reached and explained with the help of kubectl."""
