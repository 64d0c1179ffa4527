"""A pattern that is not linear, which must be found."""

import re

NESTED = re.compile(r"a*b")
