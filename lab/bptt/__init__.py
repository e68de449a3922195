"""Back-propagation through time: the recursion, the graph, the border between windows, what cutting there costs."""
