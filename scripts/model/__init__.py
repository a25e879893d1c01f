"""The reference mathematics in exact integers. Knows no chain."""
