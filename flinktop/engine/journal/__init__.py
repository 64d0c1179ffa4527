"""The journal: what has happened on clusters, kept on disk after Flink has forgotten it."""
