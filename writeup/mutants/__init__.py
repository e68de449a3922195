"""The mutation proof: how many deliberate faults in the answers and in the records `writeup check` finds.

operators.py   faults in code: small changes of the syntax tree
forgeries.py   faults in records: numbers moved, records exchanged, files damaged
effect.py      what came of a fault: found, or passed without effect, or passed and a reader sees something else
imports.py bench.py   one fault tried in a forked copy of a process in which everything is warm
campaign.py    the candidates, the sample, the results so far
templates.py   faults in templates: two facts, rows or curves in each other's place
"""
