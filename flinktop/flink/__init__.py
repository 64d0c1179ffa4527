"""Flink's REST API as typed values. No terminal; depends on no other package of flinktop."""
