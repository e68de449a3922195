"""What the answers to 1.2 and 1.3 compute and compare: dropout, mini-batches, batch norm."""
