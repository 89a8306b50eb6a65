"""Bank statements and their entries, allocations, postings, periods and aliases."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing yet."""
