"""The closing of a business line: plan, gates, journal, notices, archives, holds, certificates."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing yet."""
