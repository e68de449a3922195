"""What is claimed, whether it holds, and the ledger that tells."""
