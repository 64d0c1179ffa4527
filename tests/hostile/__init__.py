"""A server that means ill: what it answers, and flinktop in a terminal before it.

python -m tests.hostile                  every named attack and 500 generated ones, with figures
python -m tests.hostile --generated 50   fewer
python -m tests.hostile --serve          only the server, to look at by hand: each attack in turn
"""
