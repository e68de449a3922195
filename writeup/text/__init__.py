"""Characters, numbers and marks of printed text."""
