"""Programs of one's own that flinktop runs: started without a shell, bounded, and ended with flinktop."""
