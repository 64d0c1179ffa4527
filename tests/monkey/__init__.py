"""A monkey at the keys: random walks over every screen and dialog, on a cluster that is slow and faulty.

    python -m tests.monkey                     300 walks of 200 keys, each in a terminal of its own
    python -m tests.monkey --inline            1,500 walks inside this process, on a manual clock
    python -m tests.monkey --quits             100 walks that end with all requests hanging
    python -m tests.monkey [--inline] --seed N one walk again, with its keys

A run may be interrupted: started again with the same --state it goes on with the walks that are left.
"""
