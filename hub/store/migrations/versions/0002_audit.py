"""The audit log, and the people and roles that sign."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nothing yet."""
