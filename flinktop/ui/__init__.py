"""The terminal: the only room that imports textual, and settings it reads while it is imported."""

import os

# Textual reads these once, when it is first imported; what the user has set wins.
os.environ.setdefault("ESCDELAY", "25")  # ms to tell esc from an arrow key; 100 feels slow
os.environ.setdefault("TEXTUAL_FPS", "30")  # frames a second at most: users are often connected by SSH
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
