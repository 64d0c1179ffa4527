"""From a moment of the demo's world to Flink's JSON, one file per resource."""
