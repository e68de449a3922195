"""What the answers on dropout, mini-batches and batch norm compute."""
