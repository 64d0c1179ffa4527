"""What judgement says of made-up looks and of recorded jobs.

    python -m tests.judgement [NAME…]

plays every recording and prints which verdicts are right, by kind and release.
"""
