"""Mail: reads a mailbox over IMAP, sends over SMTP, and keeps a copy of what it sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, Literal

from hub.connect import (
    Answer,
    ConfigError,
    Connector,
    Missing,
    Page,
    RateLimited,
    Receipt,
    Record,
    Rejected,
    Secret,
    Stream,
    Unavailable,
    Write,
)
from hub.connect.retry import NotSent
from hub.connect.vault import Vault
from hub_mail import compose, headers, reading
from hub_mail.cursor import Place, dump, load
from hub_mail.fetched import Fetched
from hub_mail.imap import Imap, opener, trust
from hub_mail.parse import parse
from hub_mail.reading import Reading
from hub_mail.sign_in import sign_in
from hub_mail.smtp import Smtp

Tls = Literal["ssl", "starttls", "none"]


class Mail(Connector):
    """One mailbox. A message's key is folder/UIDVALIDITY/UID.

    `aliases` are further addresses whose mail counts as ours. `sent` is the folder for copies of what goes out; it
    must be among `folders`, and is made at the first mail if it is not there. With `copy_to_self` every mail goes to
    our own mailbox as well, by the same SMTP transaction: proof that it was taken, even when the answer was lost.
    In the place of `password`, `token_url` and `client_id` sign in by OAuth2: with `refresh_token` for a person who
    agreed, with `client_secret` alone or `private_key` in the name of the organisation.
    """

    name: ClassVar[str] = "mail"
    streams: ClassVar[tuple[Stream, ...]] = (
        Stream("messages", "message", push=True, findable=True, changes=False, batch=20, erases=True),
    )

    def __init__(
        self,
        imap_host: str,
        smtp_host: str,
        user: str,
        password: Secret | None = None,
        imap_port: int = 993,
        smtp_port: int = 587,
        imap_tls: Tls = "ssl",
        smtp_tls: Tls = "starttls",
        folders: Sequence[str] = ("INBOX", "Sent"),
        sent: str = "Sent",
        from_address: str | None = None,
        from_name: str | None = None,
        aliases: Sequence[str] = (),
        copy_to_self: bool = False,
        largest_mail: int = 50_000_000,
        ca_file: str | None = None,
        timeout: float = 60.0,
        token_url: str | None = None,
        client_id: str | None = None,
        client_secret: Secret | None = None,
        refresh_token: Secret | None = None,
        private_key: Secret | None = None,
        scope: str | None = None,
        connection: str = "mail",
        vault: Vault | None = None,
    ) -> None:
        self.connection, self.folders, self.sent = connection, tuple(folders), sent
        self.from_address = headers.address(from_address or user)
        if not self.from_address:
            raise ConfigError(f"from_address: {from_address or user!r} is no address; set from_address to name@domain")
        if sent not in self.folders:
            raise ConfigError(f"folders: {sent!r} is missing; the folder named by `sent` has to be read too")
        if not largest_mail > 0:
            raise ConfigError("largest_mail: must be a number of bytes above 0")
        self.from_name, self.copy_to_self, self.largest_mail = from_name, copy_to_self, largest_mail
        self.own = {one.lower() for one in (self.from_address, user, *aliases)}
        self.domain = self.from_address.rpartition("@")[2]
        self._open_box = opener(imap_host, imap_port, imap_tls, timeout, ca_file)
        self._sign = sign_in(
            user, password, token_url, client_id, client_secret, refresh_token, private_key, scope,
            vault, connection, timeout,
        )  # fmt: skip
        self._imap_where = f"{connection}: imap {imap_host}:{imap_port}"
        context = trust(ca_file) if smtp_tls != "none" else None
        self._smtp = Smtp(smtp_host, smtp_port, smtp_tls, self._sign, timeout, context)
        self._smtp.where = f"{connection}: {self._smtp.where}"
        self._connected: Imap | None = None
        self._looked: dict[str, Any] = {}  # how each folder was when it was last read, for `idle`
        self._find_file: Callable[[str], bytes | None] = lambda digest: None
        self._doubtful: set[str] = set()  # our ids that were looked for: a mail may have gone out without an answer
        self._unfiled: dict[str, bytes] = {}  # mails sent whose copy could not be filed yet, by Message-ID

    @property
    def imap(self) -> Imap:
        """The logged-in IMAP connection, made anew when the last one broke."""
        if self._connected is None or not self._connected.alive():
            self._hang_up()
            self._connected = Imap(self._open_box, self._sign, self._imap_where)
        return self._connected

    def check(self) -> None:
        """Log in at both servers and look for the folders."""
        there = set(self.imap.folders())
        for folder in self.folders:
            self._must_exist(folder, there)
        self._smtp.connect()
        self._smtp.close()

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield mails folder by folder, the oldest first, then those whose flags changed, then what vanished."""
        self.stream(stream)
        places = load(cursor)
        there = set(self.imap.folders())
        for folder in self.folders:
            if self._must_exist(folder, there, known=folder in places):
                yield from self._pull(folder, places)
        yield Page([], dump(places))

    def _pull(self, folder: str, places: dict[str, Place]) -> Iterator[Page]:
        opened = self.imap.examine(folder)
        read = Reading(self.imap, opened, self.largest_mail)
        place = reading.copy(read.start(places.get(folder)))
        places[folder] = place
        below = place.next
        for found, _ in read.fresh(place):
            yield Page(self._records(folder, opened.validity, found), dump(places))
        if below > 1:
            changed, gone = read.altered(place, below)
            for found in read.reread(changed, place):
                yield Page(self._records(folder, opened.validity, found), dump(places))
            for graves in reading.graves(f"{folder}/{opened.validity}/{uid}" for uid in gone):
                yield Page(graves, dump(places))
            place.known -= gone
            for uid in gone:
                place.flags.pop(uid, None)
        place.modseq = opened.modseq
        # The mails of a folder made anew have new keys; the old ones end only now, when the new ones are known.
        for graves in reading.graves(f"{folder}/{validity}/{uid}" for validity, uids in place.former for uid in uids):
            yield Page(graves, dump(places))
        place.former = []
        self._looked[folder] = opened
        yield Page([], dump(places))

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Yield mails by key; one whose folder, UIDVALIDITY or UID is no more as a tombstone."""
        self.stream(stream)
        wanted: dict[tuple[str, str], dict[int, str]] = {}
        for key in keys:
            folder, validity, uid = _parts(key)
            wanted.setdefault((folder, validity), {})[uid] = key
        there = set(self.imap.folders())
        for (folder, validity), uids in wanted.items():
            left = dict(uids)
            if folder in there:
                opened = self.imap.examine(folder)
                if str(opened.validity) == validity:
                    pages = Reading(self.imap, opened, self.largest_mail)
                    for found in pages.reread(sorted(uids), Place(opened.validity, modseq=1)):
                        for record in self._records(folder, opened.validity, found):
                            left.pop(_parts(record.key)[2], None)
                            yield record
            yield from (Record(key, {}, deleted=True) for key in left.values())

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Yield the mails that carry our ids in their Message-ID, from the folder of what was sent."""
        self._doubtful |= set(our_ids)
        yield from self._find(stream, our_ids)

    def _find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        self.stream(stream)
        there = set(self.imap.folders())
        searched = [self.sent, *(self.folders if self.copy_to_self else ())]
        for our_id in our_ids:
            own_id = compose.message_id(our_id, self.domain)
            if own_id in self._unfiled:
                self._file(own_id, self._unfiled[own_id])
            key = next((key for folder in searched if folder in there for key in self._search(folder, own_id)), None)
            for record in self.read(stream, [key] if key else []):
                if not record.deleted:
                    yield our_id, record

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Send mails. A mail that is in the sent folder already is not sent again; a sent one cannot be changed."""
        self.stream(stream)
        for write in writes:
            try:
                yield self._send(stream, write)
            except (Rejected, RateLimited) as refused:
                yield refused
        self._smtp.close()

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Expunge mails, these alone; a server that cannot tell them from others marked as deleted is not asked to."""
        self.stream(stream)
        there = {record.key for record in self.read(stream, keys) if not record.deleted}
        for key in keys:
            folder, _, uid = _parts(key)
            if key not in there:
                yield Missing(f"{self.connection}: {key}: the mail is not there any more")
            elif not self.imap.uidplus:
                yield Rejected("this IMAP server (no UIDPLUS) cannot delete one mail without others marked as deleted")
            else:
                self.imap.expunge(folder, uid)
                yield Receipt(key, how="deleted")

    def files(self, find: Callable[[str], bytes | None]) -> None:
        """Take attachments named by digest from there."""
        self._find_file = find

    def idle(self, folder: str = "INBOX", seconds: float = 300.0) -> bool:
        """Wait until the folder differs from what the last pull saw, at most so long; says whether it does."""
        before, now = self._looked.get(folder), self.imap.examine(folder)
        if before is not None and before != now:
            return True
        self._looked[folder] = now
        return self.imap.wait(seconds)

    def close(self) -> None:
        """Log out of both servers."""
        self._smtp.close()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._connected is not None:
            self._connected.close()
            self._connected = None

    def _send(self, stream: str, write: Write) -> Answer:
        if write.key is not None:
            if all(record.deleted for record in self.read(stream, [write.key])):
                return Missing(f"{self.connection}: {write.key}: the mail is not there any more")
            return Rejected(f"{self.connection}: {write.key}: a mail that was sent cannot be changed; send another one")
        own_id = compose.message_id(write.our_id, self.domain)
        sender = headers.address(str(write.data.get("from") or self.from_address))
        if sender.lower() not in self.own:
            return Rejected(
                f"{self.connection}: from: {sender!r} is no address of this mailbox (see aliases)", ["from"]
            )
        data = compose.filled(write.data, self._find_file)
        message, recipients = compose.compose(data, own_id, sender, self.from_name)
        for _, found in self._find(stream, [write.our_id]):
            return _receipt(found)
        if self.copy_to_self:
            recipients = list(dict.fromkeys([*recipients, self.from_address]))
        raw = compose.written(message, recipients)
        try:
            # Others may guess what ids our next mails will have, so this is asked only after an answer was lost.
            if not (write.our_id in self._doubtful and self._came_through(own_id)):
                self._smtp.send(sender, recipients, raw)
            self._unfiled[own_id] = raw
            return self._filed(stream, own_id)
        except NotSent:
            raise  # concerns the mails after it as well
        except Unavailable as error:
            return error  # this mail may be out, and the others can still go

    def _came_through(self, own_id: str) -> bool:
        """Whether a mail we read is one of ours that came back, or refers to it: then it went out."""
        there = set(self.imap.folders())
        return any(
            next(self._search(folder, own_id, header), None)
            for folder in self.folders
            if folder in there and folder != self.sent
            for header in ("Message-ID", "In-Reply-To", "References")
        )

    def _filed(self, stream: str, own_id: str) -> Receipt:
        """File the copy of a mail that is out, and answer with it. Raises Unavailable; `find` then files it later."""
        self._file(own_id, self._unfiled[own_id])
        key = next(iter(self._search(self.sent, own_id)), None)
        for record in self.read(stream, [key] if key else []):
            if not record.deleted:
                return _receipt(record)
        raise Unavailable(f"{self.connection}: {self.sent}: the copy of a sent mail ({own_id}) is not there yet")

    def _file(self, own_id: str, raw: bytes) -> None:
        if self.sent not in self.imap.folders():
            self.imap.make(self.sent)
        if not list(self._search(self.sent, own_id)):  # some servers file by themselves what goes through them
            self.imap.append(self.sent, raw)
        self._unfiled.pop(own_id, None)

    def _search(self, folder: str, own_id: str, header: str = "Message-ID") -> Iterator[str]:
        opened = self.imap.examine(folder)
        for uid in self.imap.search(folder, header, f"<{own_id}>"):
            yield f"{folder}/{opened.validity}/{uid}"

    def _must_exist(self, folder: str, there: set[str], *, known: bool = False) -> bool:
        """Whether the folder is there; only the sent one may be missing, as long as nothing was ever read from it."""
        if folder in there or folder.upper() == "INBOX":
            return True
        if folder == self.sent and not known:
            return False
        raise ConfigError(f"{self.connection}: folder {folder!r} is not there; there are: {', '.join(sorted(there))}")

    def _records(self, folder: str, validity: int, found: Iterable[Fetched]) -> list[Record]:
        return [self._record(folder, validity, one) for one in found]

    def _record(self, folder: str, validity: int, one: Fetched) -> Record:
        data = parse(one.raw or b"", arrived=one.arrived, head_only=one.size > self.largest_mail)
        ours = folder == self.sent or (data["from"] or "").lower() in self.own
        data |= {
            "direction": "out" if ours else "in",
            "state": "sent" if ours else "received",
            "seen": r"\seen" in one.flags,
            "answered": r"\answered" in one.flags,
            "folder": folder,
            "size": one.size,
        }
        # Anybody may write our kind of Message-ID; only what lies among our sent mails is believed.
        our_id = compose.our_id(data["message_id"]) if folder == self.sent else None
        return Record(f"{folder}/{validity}/{one.uid}", data, changed_at=one.arrived, our_id=our_id)


def _parts(key: str) -> tuple[str, str, int]:
    folder, validity, uid = [*key.rsplit("/", 2), "", ""][:3]
    return folder, validity, int(uid) if uid.isdecimal() else 0


def _receipt(record: Record) -> Receipt:
    return Receipt(record.key, data=record.data, changed_at=record.changed_at)
