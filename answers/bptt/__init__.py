"""Back-propagation through time, for the answers to 2b and 2c.

torch_source.py      lines of PyTorch's source, looked up
graph.py             walking autograd's graph, and what the engine runs and keeps of it
delta_recursion.py   the recursion by hand
two_windows.py       what crosses the border between two windows
place.py graphs.py recursion.py borders.py cost.py    the claims of 2b, part by part
"""
