"""Duplicates, what was decided about them, and the scorecards of data quality."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nothing yet."""
