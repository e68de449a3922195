"""The generator: claims, checks, controls, ledger, documents, read-back. It knows nothing of any one assignment."""
