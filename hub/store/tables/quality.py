"""Duplicates, what was decided about them, and the scorecards of data quality."""
