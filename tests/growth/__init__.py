"""Whether what reads foreign text takes time in proportion to it: every pattern, and what uses several.

`python -m tests.growth BYTES` tries all of them and prints those that grow faster. Python's patterns can't be
interrupted from another thread, so tests run it as a process with a limit.
"""
