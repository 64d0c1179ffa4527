"""Pure judgement: values in, values out. No clock, no network, no terminal."""
