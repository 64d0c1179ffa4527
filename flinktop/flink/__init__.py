"""What Flink says: its REST API as typed values. No terminal, nothing of the other rooms."""
