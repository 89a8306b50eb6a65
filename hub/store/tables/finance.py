"""What finance keeps: open items, decisions about payments, postings, periods, aliases, approvals.

`posting` and `decision` are only ever added to; triggers of the database hold that too. What is undone gets a row
that reverses it. Of what lies in a grave they let words be taken out, never a figure. Amounts are minor units of the currency beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, event

from hub.store.tables.base import Serial, metadata

item = Table(  # a document as the ledger has it: what is open on it is the sum of its postings
    "item",
    metadata,
    Column("document_id", String, primary_key=True),
    Column("customer_id", String, nullable=False, index=True),
    Column("currency", String, nullable=False),
    Column("open", BigInteger, nullable=False),  # a credit note's is negative
    Column("shown", BigInteger, nullable=False),  # what its own system showed as open when it was last taken in
    Column("booked", BigInteger, nullable=False),  # how much of our postings was in that figure
    Column("seq", BigInteger, nullable=False),
)

decision = Table(  # what was found or decided about a payment; the newest one counts
    "decision",
    metadata,
    Column("id", String, primary_key=True),
    Column("payment_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("stage", String),
    Column("rule", String),
    Column("version", String),
    Column("reason", String),
    Column("customer_id", String, index=True),
    Column("data", Text, nullable=False),  # lines, adjustments, fx, inputs, candidates, those rejected and why
    Column("by", String, nullable=False),  # `hub`, or a person
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("ix_decision_payment_id_seq", "payment_id", "seq"),
)

settlement = Table(  # how a payment stands now
    "settlement",
    metadata,
    Column("payment_id", String, primary_key=True),
    Column("decision_id", String, nullable=False),
    Column("step", String, nullable=False),  # proposed | approval | posted
    Column("status", String, nullable=False, index=True),
    Column("customer_id", String),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String, nullable=False),
    Column("unapplied", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

posting = Table(
    "posting",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),  # opening elsewhere allocation discount write_off bank_fee fee fx_gain ...
    Column("decision_id", String, index=True),
    Column("payment_id", String),
    Column("document_id", String),
    Column("customer_id", String),
    Column("amount", BigInteger, nullable=False),  # in the document's currency
    Column("currency", String, nullable=False),
    Column("effect", BigInteger, nullable=False),  # on what is open on the document
    Column("paid", BigInteger, nullable=False),  # of the payment, in the payment's currency
    Column("posted_on", String, nullable=False),
    Column("reverses_id", String),
    Column("note", Text),
    Column("by", String, nullable=False),
    Column("approved_by", String),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("ix_posting_document_id", "document_id"),
    Index("ix_posting_payment_id", "payment_id"),
    Index("ix_posting_reverses_id", "reverses_id", unique=True),
)

period = Table(
    "period",
    metadata,
    Column("through", String, primary_key=True),  # locked up to and with this day
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

alias = Table(  # whose account it is, learned from people's decisions
    "alias",
    metadata,
    Column("account", String, primary_key=True),
    Column("customer_id", String, nullable=False),
    Column("confirmations", Integer, nullable=False),
    Column("by", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

approval = Table(
    "approval",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("decision_id", String, nullable=False, index=True),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

reminder = Table(  # dunning that went out, a row a customer and day
    "reminder",
    metadata,
    Column("customer_id", String, primary_key=True),
    Column("made_on", String, primary_key=True),
    Column("stage", Integer, nullable=False),
    Column("message_id", String),
    Column("data", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

content = Table(  # files the hub made itself, such as a statement of account, for messages that carry them
    "content",
    metadata,
    Column("digest", String, primary_key=True),  # sha256:...
    Column("data", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

statement = Table(  # what became of each statement that came in
    "statement",
    metadata,
    Column("id", String, primary_key=True),
    Column("connection", String, nullable=False),
    Column("file", String, nullable=False),
    Column("format", String, nullable=False),
    Column("account", String, index=True),
    Column("currency", String),
    Column("number", String),
    Column("from_on", String),
    Column("to_on", String),
    Column("opening", BigInteger),
    Column("closing", BigInteger),
    Column("movements", BigInteger),
    Column("entries", Integer, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("balanced", Boolean),  # null: the file does not give both balances
    Column("state", String, nullable=False),  # taken | overridden | refused
    Column("problems", Text, nullable=False),
    Column("by", String),
    Column("reason", Text),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

_FOREVER = "{table}: rows are only added, never changed; post a reversal"
_LOCKED = "posting: the day lies in a locked period"
KEPT = ("posting", "decision", "period", "approval")


def triggers(dialect: str) -> list[str]:
    """The statements that let the database itself hold history: nothing changed, nothing into a locked period."""
    made = []
    if dialect == "sqlite":
        for name in KEPT:
            for act in ("UPDATE", "DELETE"):
                made.append(
                    f"CREATE TRIGGER {name}_no_{act.lower()} BEFORE {act} ON {name} "
                    f"BEGIN SELECT RAISE(ABORT, '{_FOREVER.format(table=name)}'); END"
                )
        made.append(
            "CREATE TRIGGER posting_locked BEFORE INSERT ON posting "
            "WHEN new.posted_on <= (SELECT max(through) FROM period) "
            f"BEGIN SELECT RAISE(ABORT, '{_LOCKED}'); END"
        )
        return made
    made.append(
        "CREATE FUNCTION kept_forever() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%: rows are only added, never changed; post a reversal', TG_TABLE_NAME; END $$"
    )
    made += [
        f"CREATE TRIGGER {name}_kept BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION kept_forever()"
        for name in KEPT
    ]
    made.append(
        "CREATE FUNCTION not_locked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF new.posted_on <= (SELECT max(through) FROM period) THEN "
        f"RAISE EXCEPTION '{_LOCKED}'; END IF; RETURN new; END $$"
    )
    made.append("CREATE TRIGGER posting_locked BEFORE INSERT ON posting FOR EACH ROW EXECUTE FUNCTION not_locked()")
    return made


WORDS = {"decision": ("data", "reason"), "posting": ("note",)}  # what may be taken out once its subject is in a grave
FIGURES = {  # all else; written out, since a migration makes triggers of it
    "decision": ("id", "payment_id", "status", "stage", "rule", "version", "customer_id", "by", "at", "seq"),
    "posting": (
        "id", "kind", "decision_id", "payment_id", "document_id", "customer_id", "amount", "currency", "effect", "paid",
        "posted_on", "reverses_id", "by", "approved_by", "at", "seq",
    ),
}  # fmt: skip
ABOUT = {"decision": ("payment_id", "customer_id"), "posting": ("payment_id", "document_id", "customer_id")}


def forgetting(dialect: str) -> list[str]:
    """The statements that let words be taken out of rows about something in a grave, in place of the ban on changes."""
    made = []
    for name in ("decision", "posting"):
        words, about = WORDS[name], ", ".join(f"old.{column}" for column in ABOUT[name])
        grave = f"EXISTS (SELECT 1 FROM grave WHERE golden_id IN ({about}))"
        if dialect == "sqlite":
            same = " AND ".join(f"new.{column} IS old.{column}" for column in FIGURES[name])
            made += [
                f"DROP TRIGGER {name}_no_update",
                f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} WHEN NOT ({same} AND {grave}) "
                f"BEGIN SELECT RAISE(ABORT, '{_FOREVER.format(table=name)}'); END",
            ]
            continue
        without = f"'{{{','.join(words)}}}'::text[]"
        made += [
            f"DROP TRIGGER {name}_kept ON {name}",
            f"CREATE FUNCTION {name}_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'UPDATE' AND to_jsonb(new) - {without} = to_jsonb(old) - {without} AND {grave} THEN RETURN new; "
            f"END IF; RAISE EXCEPTION '{_FOREVER.format(table=name)}'; END $$",
            f"CREATE TRIGGER {name}_kept BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION {name}_kept()",
        ]
    return made


def _guard(_: Any, connection: Any, **__: Any) -> None:
    guard(connection)
    guard(connection, forgetting)


def guard(connection: Any, made: Callable[[str], list[str]] = triggers) -> None:
    """Make the triggers on a connection of SQLAlchemy."""
    kind = connection.dialect.name
    for statement in made(kind):
        connection.exec_driver_sql(statement.replace("%", "%%") if kind == "postgresql" else statement)


event.listen(metadata, "after_create", _guard)
