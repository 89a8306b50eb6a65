"""The whole walk with a real mailbox: a customer writes, an answer goes out, and after that nothing moves any more."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from boxes import Box, letter

from hub.config import load
from hub.sync.run import Hub

ROOT = Path(__file__).parents[2]
ANSWERS = '''"""Every mail that comes in is answered."""

from hub.plugin import Derived, hookimpl


@hookimpl
def derive(golden, look):
    """Yield an answer to a mail that came in."""
    values = golden.values
    if golden.model == "message" and values.get("direction") == "in":
        yield Derived("answer", "message", {
            "direction": "out", "channel": "email", "subject": f"Re: {values['subject']}",
            "body": "Thank you, we look into it.", "recipients": [values["sender"]], "in_reply_to": values["message_id"],
        })
'''
HUB = """
[hub]
store = "sqlite:///hub.sqlite"

[connections.mail]
connector = "mail"
{settings}
password = "${{HUB_MAIL_PASSWORD}}"

[connections.mail.streams.messages]
push = true
create = "all"
on_tombstone = "ignore"
vanish_limit = 1.0
"""

Opened = Callable[[], AbstractContextManager[Hub]]


@pytest.fixture
def opened(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens the hub on a project with the mailbox, as another process would after a restart."""
    given = box.servers.settings(box.user)
    monkeypatch.setenv("HUB_MAIL_PASSWORD", given.pop("password"))
    settings = "\n".join(f"{name} = {value!r}" for name, value in given.items()).replace("'", '"')
    (tmp_path / "hub.toml").write_text(HUB.format(settings=settings))
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "answers.py").write_text(ANSWERS)
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def open_hub(clock: Callable[[], float] = time.time) -> Iterator[Hub]:
        with Hub.open(load(tmp_path / "hub.toml"), clock=clock) as hub:
            yield hub

    return open_hub


def rows(hub: Hub, **where: str) -> list[dict[str, Any]]:
    return [dict(row) for row in hub.list("message", where)]


def test_a_mail_is_answered_once_in_its_thread(box: Box, opened: Opened) -> None:
    message = letter("Where is my order", id="question")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="order.pdf")
    box.put(message)
    before = len(box.servers.smtp.accepted)
    with opened() as hub:
        first = hub.sync()
        assert (first.written, list(first.findings)) == (1, [])
    with opened() as hub:
        for full in (False, False, True):
            again = hub.sync(full=full)
            assert (again.written, list(again.findings)) == (0, [])
        assert len(rows(hub)) == 2
        (answer,) = rows(hub, direction="out")
        assert "question@customer.example" in str(answer)
    (sent,) = box.servers.smtp.accepted[before:]
    assert sent.message["In-Reply-To"] == "<question@customer.example>"
    assert sent.message["Subject"] == "Re: Where is my order"
    assert sent.recipients == ("anna@customer.example",)


def test_a_folder_made_anew_gives_no_second_message(box: Box, opened: Opened) -> None:
    box.put(letter("Where is my order", id="question"))
    with opened() as hub:
        hub.sync()
        time.sleep(1.1)
        box.servers.imap.remake(box.user, "Sent")
        before = len(box.servers.smtp.accepted)
        assert hub.sync().written == 0
        assert len(rows(hub)) == 2
    assert len(box.servers.smtp.accepted) == before


@pytest.mark.parametrize("servers", ["pymap"], indirect=True)
@pytest.mark.parametrize("proof", ["none", "copy to self", "a reader of ours", "an answer"])
def test_a_lost_answer_is_settled(box: Box, opened: Opened, tmp_path: Path, proof: str) -> None:
    """With proof that it was taken the mail is not sent again; without, it is, under the same Message-ID."""
    text = (tmp_path / "hub.toml").read_text()
    copied = str(proof == "copy to self").lower()
    (tmp_path / "hub.toml").write_text(text.replace("imap_port", f"copy_to_self = {copied}\nimap_port"))
    sender = box.user if proof == "a reader of ours" else "Anna <anna@customer.example>"
    box.put(letter("Where is my order", id="question", sender=sender, Reply_To=sender))
    if proof == "a reader of ours":
        plugin = tmp_path / "plugins" / "answers.py"
        plugin.write_text(ANSWERS.replace('values.get("direction") == "in"', 'values["message_id"][:8] == "question"'))
    box.servers.smtp.lose_answers = 1
    before = len(box.servers.smtp.accepted)
    with opened() as hub:
        hub.sync()
    if proof == "an answer":
        (taken,) = box.servers.smtp.accepted[before:]
        ours = taken.message["Message-ID"]
        again = letter("Re: Re: Where is my order", id="again", References=ours, In_Reply_To=ours)
        box.put(again)
        plugin = tmp_path / "plugins" / "answers.py"
        plugin.write_text(ANSWERS.replace('values.get("direction") == "in"', 'values["message_id"][:8] == "question"'))
    for hours in (1, 2, 3):
        with opened(lambda late=hours * 3600: time.time() + late) as hub:
            last = hub.sync()
    taken = box.servers.smtp.accepted[before:]
    assert len(taken) == (2 if proof == "none" else 1)
    assert len({mail.message["Message-ID"] for mail in taken}) == 1
    assert (last.written, list(last.findings)) == (0, [])
    with opened() as hub:
        # one that came to us before its proof was known stands beside the one that was sent
        assert len(rows(hub)) == (3 if proof in ("an answer", "a reader of ours") else 2)
