"""Tables and figures of answers whose facts fill a module by themselves."""
