"""Words may be taken out of decisions and postings about what lies in a grave; decisions are found by customer."""

from alembic import op

from hub.store.tables.finance import forgetting, guard

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index(op.f("ix_decision_customer_id"), "decision", ["customer_id"], unique=False)
    guard(op.get_bind(), forgetting)
