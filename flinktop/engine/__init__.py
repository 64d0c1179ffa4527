"""The brain: keeps watched facts of a cluster fresh. It has no terminal and never imports one."""
