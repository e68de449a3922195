"""What long runs leave behind: one file each, sealed, and whether it may still be believed."""
