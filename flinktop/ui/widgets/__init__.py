"""Reusable widgets that know nothing of Flink."""
