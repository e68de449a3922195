"""What the command takes and prints."""
