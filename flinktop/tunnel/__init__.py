"""Commands that forward a port of this machine to a cluster: supervised children and their keeper."""
