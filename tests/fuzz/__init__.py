"""Damaged and hostile files of every kind that tinygen reads: `make fuzz`."""
