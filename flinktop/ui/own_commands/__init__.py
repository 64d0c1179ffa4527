"""Commands and links of one's own in the terminal: what is offered where, and how each is used."""
