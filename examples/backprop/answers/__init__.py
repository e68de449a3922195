"""The answers: one module a question, listed in assignment.toml."""
