"""Parts of 2b and 2e whose facts fill a module by themselves."""
