"""`hub payments`: what came in, where it belongs, and why; people decide what the rules leave to them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.actor import As, PasswordFile, actor, must
from hub.cli.output import Json, rows
from hub.cli.session import session
from hub.errors import ConfigError, Missing

if TYPE_CHECKING:
    from hub.finance.ledger import Ledger
    from hub.finance.ledger.decide import Decided
    from hub.finance.ledger.wanted import Wanted
    from hub.sync import Hub

app = typer.Typer(help="Payments: where they belong, and why.", no_args_is_help=True)
aliases = typer.Typer(help="Accounts whose owner was learned from people's decisions.", no_args_is_help=True)
app.add_typer(aliases, name="aliases")

Payment = Annotated[str, typer.Argument(help="The payment's id, as hub payments list shows it.")]
SHOWN = ("id", "status", "step", "paid_on", "amount", "unapplied", "payer", "customer_name", "documents", "reason")


def ledger(engine: Hub) -> Ledger:
    """The ledger of the open project."""
    from hub.finance.ledger import Ledger

    return Ledger(engine)


def clerk(engine: Hub, name: str | None, file: Any) -> str:
    """The person who decides, who must hold the role for it."""
    person = actor(engine, name, file)
    must(engine, person, "finance")
    return person.name


@app.command("list")
def list_(
    context: typer.Context,
    status: Annotated[
        str | None,
        typer.Option(help="open (needs a person), review, suspense, on_account, applied, proposed, approval, new, ..."),
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer: id, name or e-mail address.")] = None,
    account: Annotated[str | None, typer.Option(help="Only on this account of ours.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    json: Json = False,
) -> None:
    """List payments, the newest first, and how each stands."""
    from hub.finance.ledger import views

    known(status)
    with session(context).engine() as engine:
        whose = customer and known_customer(engine, customer)
        found = views.payments(engine.store, status, whose, account, limit)
    for row in found:
        row.pop("candidates")
    rows(
        found, "payments list", json=json, columns=SHOWN, empty="no payments; take them in with: hub statements import"
    )


@app.command("show")
def show(context: typer.Context, payment: Payment, json: Json = False) -> None:
    """Show a payment: every decision about it, its reasons, what was rejected and why, and each posting."""
    from hub.finance.ledger import views

    with session(context).engine() as engine:
        found = views.payment(engine.store, payment)
    if found is None:
        raise ConfigError(f"no payment {payment}; list them with: hub payments list")
    if json:
        rows(found, "payments show", json=True)
        return
    for kind, title, columns in (
        ("payment", payment, ("status", "step", "posted_on", "amount", "unapplied", "customer_name", "text")),
        ("decision", "decisions", ("at", "by", "status", "stage", "rule", "version", "reason")),
        ("because", "because", ("documents", "stage", "rule", "version", "inputs")),
        ("rejected", "not taken", ("documents", "text")),
        ("candidate", "would explain the amount", ("documents",)),
        ("posting", "postings", ("posted_on", "status", "documents", "amount", "by", "approved_by", "text")),
    ):
        some = [row for row in found if row["kind"] == kind]
        if some:
            typer.secho(f"\n{title}" if kind != "payment" else title, bold=True)
            rows(some, "payments show", json=False, columns=columns)


@app.command("suggest")
def suggest(context: typer.Context, payment: Payment, json: Json = False) -> None:
    """Suggest documents for a payment, the likeliest first; nothing is decided by it."""
    from hub.finance.ledger.suggest import suggest as found_for

    with session(context).engine() as engine:
        found = found_for(engine.store, payment)
    if found is None:
        raise ConfigError(f"no payment {payment}; list them with: hub payments list")
    shown = [{
        "payment": payment, "document": one.documents[0], "number": one.numbers[0], "customer": one.customer,
        "customer_name": one.customer_name, "open": one.open, "why": one.why,
    } for one in found]  # fmt: skip
    columns = ("number", "customer_name", "open", "why")
    rows(shown, "payments suggest", json=json, columns=columns, empty="nothing comes near; see hub ageing --items")


@app.command("match")
def match(
    context: typer.Context,
    payment: Payment,
    documents: Annotated[list[str], typer.Argument(help="DOCUMENT, DOCUMENT=AMOUNT or =AMOUNT@PAID, by number or id.")],
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Settle documents with a payment; without an amount, as much as is open, credit notes first.

    AMOUNT is in the document's currency; in another one the rate of the day says what it costs, or you: AMOUNT@PAID.
    The gain or loss is posted with it. Above [finance] four_eyes_over it waits until another person approves it.
    """
    with session(context).engine() as engine:
        by = clerk(engine, as_, password_file)
        decided = ledger(engine).match(payment, _wanted(engine, documents), by)
        tell(engine, payment, decided, json=json)


@app.command("unmatch")
def unmatch(
    context: typer.Context,
    payment: Payment,
    documents: Annotated[list[str] | None, typer.Argument(help="Only what it settles of these.")] = None,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Undo what is posted of a payment, or written off of a document: opposite postings on the first open day; nothing is deleted."""
    with session(context).engine() as engine:
        by = clerk(engine, as_, password_file)
        chosen = [one.document for one in _wanted(engine, documents or ())]
        undone = ledger(engine).unmatch(named(engine, payment), chosen, by)
    text = f"{undone.postings} postings reversed on {undone.on}"
    row = {"payment": payment, "kind": "reversal", "posted": True, "text": text}
    rows([row], "payments match", json=json, columns=("payment", "text"))


@app.command("approve")
def approve(
    context: typer.Context,
    payments: Annotated[list[str], typer.Argument(help="Payments, or documents to be written off, that wait.")],
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Post what was proposed, or what another person decided above the limit."""
    with session(context).engine() as engine:
        by = clerk(engine, as_, password_file)
        for payment in payments:
            tell(engine, payment, ledger(engine).approve(named(engine, payment), by), json=json)


@app.command("reject")
def reject(
    context: typer.Context, payment: Payment, as_: As = None, password_file: PasswordFile = None, json: Json = False
) -> None:
    """Take back a decision that waits; the payment is left to people."""
    with session(context).engine() as engine:
        by = clerk(engine, as_, password_file)
        ledger(engine).reject(named(engine, payment), by)
    row = {
        "payment": payment,
        "kind": "rejected",
        "posted": False,
        "text": f"match it with: hub payments match {payment}",
    }
    rows([row], "payments match", json=json, columns=("payment", "text"))


@aliases.command("list")
def aliases_list(context: typer.Context, json: Json = False) -> None:
    """List accounts learned from people's decisions, also those that still lack confirmations."""
    from hub.finance.ledger import alias, views

    with session(context).engine() as engine:
        enough = engine.project.finance.learn_after
        found = alias.listed(engine.store)
        with engine.store.read() as tx:
            names = views.names(tx, {one.customer_id for one in found})
    shown = [{
        "account": one.account, "customer": one.customer_id, "customer_name": names.get(one.customer_id),
        "confirmations": one.confirmations, "known": one.confirmations >= enough, "by": one.by,
    } for one in found]  # fmt: skip
    rows(shown, "payments aliases list", json=json, empty="nothing was learned yet")


@aliases.command("remove")
def aliases_remove(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The account to forget.")],
    as_: As = None,
    password_file: PasswordFile = None,
) -> None:
    """Forget whose account it is."""
    from hub.finance.ledger import alias

    with session(context).engine() as engine:
        alias.remove(engine.store, account, clerk(engine, as_, password_file))
    typer.echo(f"{account} forgotten")


def tell(engine: Hub, subject: str, decided: Decided, *, json: bool) -> None:
    """Print what a decision posts, or why it waits."""
    from hub.finance.ledger import views

    with engine.store.read() as tx:
        numbers = views.numbers(tx, {line.document for line in decided.lines if line.document})
    text = decided.why or "posted; it reaches the systems with the next: hub sync"
    if decided.learned:
        text += f"; the payer's account was confirmed {decided.learned} time{'s' if decided.learned > 1 else ''}"
    shown = [{
        "payment": subject, "kind": line.kind, "document": line.document, "number": numbers.get(line.document or ""),
        "amount": [line.amount, line.currency], "posted": decided.posted, "text": text,
    } for line in decided.lines]  # fmt: skip
    rows(shown, "payments match", json=json, columns=("payment", "kind", "number", "amount", "text"))
    if not decided.posted and not json:
        typer.echo(f"to approve it: hub payments approve {subject} --as SOMEBODY_ELSE")


def known_customer(engine: Hub, text: str) -> str:
    """The id of a customer named by a person. Raises Missing where that is nobody, or several."""
    from hub.finance.ledger import views

    found = views.find_customer(engine.store, text)
    if found is None:
        raise Missing(
            f"no customer {text!r}, or more than one; find the id with: hub list customer --where name={text!r}"
        )
    return found


def known(status: str | None) -> None:
    """Refuse a status there is not."""
    from hub.suggest import like

    there = (
        "open", "new", "proposed", "approval", "held", "applied", "partially_applied", "on_account", "suspense",
        "review", "duplicate_ignored", "reversed", "write_off",
    )  # fmt: skip
    if status is not None and status not in there:
        raise ConfigError(f'--status: no "{status}"{like(status, there)}; there are: {", ".join(there)}')


def named(engine: Hub, text: str) -> str:
    """The payment a person names; or the document, where it is about what was written off of it: by number or id."""
    from hub.finance.ledger import views

    return views.find_documents(engine.store, [text]).get(text, text)


def _wanted(engine: Hub, texts: Sequence[str]) -> list[Wanted]:
    """Documents with amounts, as people write them: INV-1, INV-1=12.50, or INV-1=12.50@11.40 between two currencies."""
    from hub.finance.ledger import views
    from hub.finance.ledger.wanted import Wanted

    parted = [text.rpartition("=") if "=" in text else (text, "", "") for text in texts]
    found = views.find_documents(engine.store, [name for name, _, _ in parted])
    wanted: list[Wanted] = []
    for name, equals, amount in parted:
        if name not in found:
            raise ConfigError(f"no document {name} in the ledger; see hub ageing --items")
        owed, at, paid = amount.partition("@")
        try:
            wanted.append(Wanted(found[name], Decimal(owed) if equals else None, Decimal(paid) if at else None))
        except InvalidOperation:
            raise ConfigError(f"{name}={amount}: {amount!r} is no amount; write {name}=12.50") from None
    return wanted
