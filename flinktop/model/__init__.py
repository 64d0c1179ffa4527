"""Pure functions on values: classification, layout, formatting. No clock, no network, no terminal."""
