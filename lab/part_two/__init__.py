"""What the notebook of Part 2 shows and what it is held against: its source stands in the cells as it stands here."""
