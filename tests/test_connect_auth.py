"""Tokens are fetched once, renewed in time, stored before use, and never seen."""

from __future__ import annotations

import base64
import json
import multiprocessing
import stat
import threading
import time
import traceback
from functools import partial

import httpx
import msgspec
import pytest

from hub.connect.auth import ClientCredentials, RefreshToken, SignedJwt, TokenAuth
from hub.connect.rest import RestConnector
from hub.connect.retry import Retry
from hub.connect.vault import FileVault, MemoryVault
from hub.errors import Busy, ConfigError, RateLimited, Unauthorized, Unavailable
from hub.secret import Secret, is_secret
from hub.store import Store
from hub.store.vault import StoreVault

CANARY = "canary-7f3a-do-not-show"
KEY, OTHER = Secret(base64.b64encode(b"k" * 32).decode()), Secret(base64.b64encode(b"o" * 32).decode())
TOKENS = "https://id.example/token"


class Issuer:
    """A token endpoint with rotating refresh tokens, and an API that wants the newest access token."""

    def __init__(self, refresh=f"{CANARY}-r0", expires=3600, rotates=True):
        self.refresh, self.expires, self.rotates = refresh, expires, rotates
        self.number, self.forms, self.api, self.status = 0, [], 0, 200
        self.access = None
        self.delay = 0.0
        self.on_token = lambda form: None

    def __call__(self, request):
        if request.url.path != "/token":
            self.api += 1
            good = request.headers.get("Authorization") == f"Bearer {self.access}"
            return httpx.Response(200 if good else 401, json={})
        form = dict(httpx.QueryParams(request.content.decode()))
        self.forms.append(form)
        self.on_token(form)
        time.sleep(self.delay)
        if self.status != 200:
            return httpx.Response(self.status, headers={"Retry-After": "9"}, json={"error": "no"})
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
            words = f"token {form['refresh_token']} is void"
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": words})
        self.number += 1
        self.access = f"{CANARY}-a{self.number}"
        answer = {"access_token": self.access, "expires_in": str(self.expires)}
        if form["grant_type"] == "refresh_token" and self.rotates:
            self.refresh = answer["refresh_token"] = f"{CANARY}-r{self.number}"
        return httpx.Response(200, json=answer)

    def client(self, auth):
        return httpx.Client(transport=httpx.MockTransport(self), base_url="https://api.example", auth=auth)


def refreshing(vault, **more):
    return RefreshToken(TOKENS, "our-client", f"{CANARY}-s", vault, "crm", **more)


def credentials(**more):
    return ClientCredentials(TOKENS, "our-client", f"{CANARY}-s", "read", **more)


def test_a_fixed_token_goes_where_the_vendor_wants_it():
    def headers(auth):
        client = httpx.Client(transport=httpx.MockTransport(lambda r: httpx.Response(200, json=dict(r.headers))))
        return client.get("https://api.example/", auth=auth).json()

    assert headers(TokenAuth("t"))["authorization"] == "Bearer t"
    assert headers(TokenAuth("t", "Zoho-oauthtoken"))["authorization"] == "Zoho-oauthtoken t"
    assert headers(TokenAuth(Secret("t"), "", "X-Api-Key"))["x-api-key"] == "t"


def test_a_token_is_fetched_once_and_anew_shortly_before_it_ends():
    now = [1000.0]
    issuer = Issuer(expires=600)
    client = issuer.client(credentials(clock=lambda: now[0], margin=60))
    assert [client.get("/").status_code for _ in range(3)] == [200] * 3
    assert len(issuer.forms) == 1
    now[0] += 539
    client.get("/")
    assert len(issuer.forms) == 1
    now[0] += 2
    client.get("/")
    assert len(issuer.forms) == 2
    assert issuer.forms[0] == {
        "grant_type": "client_credentials",
        "scope": "read",
        "client_id": "our-client",
        "client_secret": f"{CANARY}-s",
    }


def test_a_401_is_followed_by_one_renewal():
    issuer = Issuer()
    client = issuer.client(credentials())
    client.get("/")
    issuer.access = "withdrawn"
    assert client.get("/").status_code == 200
    assert (len(issuer.forms), issuer.api) == (2, 3)
    issuer.api = 0
    issuer.access = "other"
    real = issuer.client(credentials())
    real._transport = httpx.MockTransport(
        lambda r: issuer(r) if r.url.path == "/token" else httpx.Response(401, json={})
    )
    before = len(issuer.forms)
    assert real.get("/").status_code == 401
    assert len(issuer.forms) == before + 2  # the first token, one renewal, and no third try


def test_client_credentials_may_go_in_a_header():
    seen = []
    issuer = Issuer()
    client = httpx.Client(
        transport=httpx.MockTransport(lambda r: (seen.append(r), issuer(r))[1]), auth=credentials(basic=True)
    )
    client.get("https://api.example/")
    expected = base64.b64encode(f"our-client:{CANARY}-s".encode()).decode()
    assert seen[0].headers["Authorization"] == f"Basic {expected}"
    assert "client_secret" not in issuer.forms[0]


def test_a_rotated_token_is_stored_before_it_is_used(tmp_path):
    vault = FileVault(tmp_path)
    issuer = Issuer()
    stored_when_used = []
    original = issuer.__call__

    def handle(request):
        if request.url.path != "/token":
            stored_when_used.append(json.loads(vault.get("crm"))["refresh_token"])
        return original(request)

    client = httpx.Client(transport=httpx.MockTransport(handle), auth=refreshing(vault, first=f"{CANARY}-r0"))
    client.get("https://api.example/")
    assert stored_when_used == [f"{CANARY}-r1"]
    again = issuer.client(refreshing(vault))  # another process, later: the stored token still holds
    assert again.get("/").status_code == 200
    assert len(issuer.forms) == 1


def test_a_vault_that_cannot_store_stops_the_request():
    class Full(MemoryVault):
        def put(self, name, value):
            raise OSError("disk full")

    issuer = Issuer()
    with pytest.raises(OSError, match="disk full"):
        issuer.client(refreshing(Full(), first=f"{CANARY}-r0")).get("/")
    assert issuer.api == 0


def test_a_refresh_token_that_does_not_rotate_is_kept():
    vault, issuer = MemoryVault(), Issuer(rotates=False, expires=0)
    client = issuer.client(refreshing(vault, first=f"{CANARY}-r0"))
    client.get("/")
    client.get("/")
    assert [form["refresh_token"] for form in issuer.forms] == [f"{CANARY}-r0"] * 2


def test_after_invalid_grant_the_vault_is_read_again():
    """A process that does not share our lock (another machine) was faster."""
    vault, issuer = MemoryVault(), Issuer()
    vault.put("crm", f"{CANARY}-r0")

    def faster(form):
        if form["refresh_token"] == f"{CANARY}-r0":
            issuer.refresh = f"{CANARY}-theirs"
            vault.put("crm", issuer.refresh)

    issuer.on_token = faster
    assert issuer.client(refreshing(vault)).get("/").status_code == 200
    assert [form["refresh_token"] for form in issuer.forms] == [f"{CANARY}-r0", f"{CANARY}-theirs"]


def test_a_renewed_authorisation_replaces_what_the_vault_has():
    vault, issuer = MemoryVault(), Issuer(refresh=f"{CANARY}-fresh")
    vault.put("crm", f"{CANARY}-void")
    assert issuer.client(refreshing(vault, first=f"{CANARY}-fresh")).get("/").status_code == 200


def test_a_refused_refresh_token_says_what_to_do():
    vault, issuer = MemoryVault(), Issuer()
    vault.put("crm", f"{CANARY}-void")
    with pytest.raises(Unauthorized, match="hub check crm") as caught:
        issuer.client(refreshing(vault)).get("/")
    assert CANARY not in str(caught.value)
    assert len(issuer.forms) == 1
    with pytest.raises(Unauthorized, match="needs one"):
        issuer.client(refreshing(MemoryVault())).get("/")


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, Unavailable), (401, Unauthorized)])
def test_a_token_endpoint_that_fails_is_named(status, error):
    issuer = Issuer()
    issuer.status = status
    with pytest.raises(error) as caught:
        issuer.client(credentials()).get("/")
    if status == 429:
        assert caught.value.retry_after == 9


def test_an_answer_that_is_no_grant_is_no_token():
    client = httpx.Client(
        transport=httpx.MockTransport(lambda r: httpx.Response(200, text="<html>")), auth=credentials()
    )
    with pytest.raises(Unauthorized, match="no token in the answer"):
        client.get("https://api.example/")


@pytest.mark.parametrize("kind", [credentials, lambda: refreshing(MemoryVault(), first=f"{CANARY}-r0")])
def test_threads_ask_once(kind):
    issuer = Issuer()
    issuer.delay = 0.05
    client = issuer.client(kind())
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(client.get("/").status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert statuses == [200] * 8
    assert len(issuer.forms) == 1


def _one_process(folder, number, queue, vault):
    """One process whose issuer lives in files, so that all share it: a token used twice is an error."""
    current = folder / "current"

    def handle(request):
        if request.url.path != "/token":
            return httpx.Response(200, json={})
        form = dict(httpx.QueryParams(request.content.decode()))
        held = current.read_text()
        if form["refresh_token"] != held:
            return httpx.Response(400, json={"error": "invalid_grant"})
        time.sleep(0.03)
        fresh = f"{held}+{number}"
        current.write_text(fresh)
        return httpx.Response(200, json={"access_token": fresh, "refresh_token": fresh, "expires_in": 0})

    auth = RefreshToken(TOKENS, "c", "s", vault(), "crm", first="start")
    client = httpx.Client(transport=httpx.MockTransport(handle), auth=auth)
    try:
        queue.put([client.get("https://api.example/").status_code for _ in range(4)])
    except Exception as error:  # noqa: BLE001 - handed to the test process
        queue.put(repr(error))


@pytest.mark.parametrize("kind", ["folder", "store"])
def test_processes_refresh_one_at_a_time(tmp_path, kind, request):
    (tmp_path / "current").write_text("start")
    if kind == "folder":
        vault = partial(FileVault, tmp_path / "vault")
    else:  # nothing is shared but the database, as between two machines
        vault = partial(StoreVault, Secret(request.getfixturevalue("pg_url")), KEY)
        vault().get("crm")
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    processes = [context.Process(target=_one_process, args=(tmp_path, n, queue, vault)) for n in range(3)]
    for process in processes:
        process.start()
    outcomes = [queue.get(timeout=20) for _ in processes]
    for process in processes:
        process.join(10)
    assert outcomes == [[200] * 4] * 3
    assert len((tmp_path / "current").read_text().split("+")) == 1 + 12  # every refresh built on the one before


def test_a_file_vault_is_private_and_keeps_names_apart(tmp_path):
    vault = FileVault(tmp_path / "vault")
    assert vault.get("crm/eu") is None
    vault.put("crm/eu", "one")
    vault.put("crm.eu", "two")
    assert (vault.get("crm/eu"), vault.get("crm.eu")) == ("one", "two")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "vault").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700


def test_a_store_keeps_tokens_sealed_and_takes_over_what_a_folder_had(tmp_path, pg_url):
    folder = FileVault(tmp_path)
    folder.put("crm", f"{CANARY}-old")
    vault = StoreVault(Secret(pg_url), KEY, folder)
    assert (vault.get("crm"), folder.get("crm"), vault.get("crm")) == (f"{CANARY}-old", None, f"{CANARY}-old")
    vault.put("crm", f"{CANARY}-new")
    vault.put("erp", f"{CANARY}-erp")
    assert (vault.get("crm"), vault.get("erp"), vault.get("pay")) == (f"{CANARY}-new", f"{CANARY}-erp", None)
    with Store(pg_url).read() as tx:
        kept = str(tx.rows("SELECT * FROM token"))
    assert "crm" in kept
    assert CANARY not in kept
    newer = StoreVault(Secret(pg_url), Secret(f"{OTHER.reveal()} {KEY.reveal()}"))
    newer.put("erp", newer.get("erp"))
    assert StoreVault(Secret(pg_url), OTHER).get("erp") == f"{CANARY}-erp"
    with pytest.raises(ConfigError, match="crm: its token was sealed with another key"):
        StoreVault(Secret(pg_url), OTHER).get("crm")
    with Store(pg_url).begin(count=False) as tx:  # what was sealed for one name opens under no other
        tx.run("UPDATE token SET sealed = (SELECT sealed FROM token WHERE name = 'erp') WHERE name = 'crm'")
    with pytest.raises(ConfigError, match="sealed with another key"):
        newer.get("crm")


def test_without_a_key_a_store_keeps_no_token_and_says_what_to_do(pg_url):
    client = Issuer().client(refreshing(StoreVault(Secret(pg_url), None), first=f"{CANARY}-r0"))
    with pytest.raises(ConfigError, match="set HUB_TOKEN_KEY to what `openssl rand -base64 32` prints"):
        client.get("/")


def test_the_lock_of_a_store_is_freed_by_a_dead_process_and_lost_by_a_silent_one(pg_url):
    def hold(url, ready):
        with StoreVault(Secret(url), KEY).lock("crm"):
            ready.set()
            time.sleep(60)

    StoreVault(Secret(pg_url), KEY).get("crm")
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    holder = context.Process(target=hold, args=(pg_url, ready))
    holder.start()
    assert ready.wait(20)
    with pytest.raises(Busy, match="crm: another process has held its token"):
        StoreVault(Secret(pg_url), KEY, patience=0.2).lock("crm").__enter__()
    holder.kill()
    with StoreVault(Secret(pg_url), KEY, patience=10).lock("crm"):
        pass
    silent = StoreVault(Secret(pg_url), KEY, patience=0.3).lock("crm")
    silent.__enter__()
    with StoreVault(Secret(pg_url), KEY, patience=10).lock("crm"):
        pass
    silent.__exit__(None, None, None)
    holder.join(10)


def test_a_lock_that_stays_taken_is_busy(tmp_path):
    with FileVault(tmp_path).lock("crm"), pytest.raises(Busy, match="another process"):
        FileVault(tmp_path, patience=0.05).lock("crm").__enter__()
    with FileVault(tmp_path, patience=0.05).lock("crm"):
        pass


def test_a_signed_claim_is_exchanged_for_a_token():
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    issuer = Issuer()
    auth = SignedJwt(TOKENS, "us", pem, subject="someone", scope="api", clock=lambda: 5000.0, key_id="k1")
    assert issuer.client(auth).get("/").status_code == 200
    head, claims, signature = issuer.forms[0]["assertion"].split(".")

    def plain(text):
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    private.public_key().verify(plain(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert msgspec.json.decode(plain(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert msgspec.json.decode(plain(claims)) == {
        "iss": "us",
        "aud": TOKENS,
        "iat": 5000,
        "exp": 5300,
        "sub": "someone",
        "scope": "api",
    }


def test_hs256_is_the_published_example_and_bad_keys_are_named():
    from hub.connect.jwt import sign

    # the well-known token of jwt.io: its claims, its secret, its signature
    token = sign({"sub": "1234567890", "name": "John Doe", "iat": 1516239022}, Secret("your-256-bit-secret"), "HS256")
    assert token.reveal().endswith(".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c")
    with pytest.raises(ConfigError, match="PEM"):
        sign({}, Secret(CANARY))
    with pytest.raises(ConfigError, match="RS256, HS256"):
        sign({}, Secret("x"), "none")


def _seen(error):
    """All that a traceback with locals shows."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.parametrize(
    "break_it",
    [
        lambda issuer: setattr(issuer, "status", 401),
        lambda issuer: setattr(issuer, "status", 500),
        lambda issuer: setattr(issuer, "refresh", "another"),
    ],
)
def test_no_secret_in_messages_reprs_or_tracebacks_with_locals(break_it):
    vault = MemoryVault()
    vault.put("crm", f"{CANARY}-r0")
    for auth in (
        refreshing(vault),
        credentials(),
        credentials(basic=True),
        SignedJwt(TOKENS, "us", CANARY, algorithm="HS256"),
    ):
        assert CANARY not in repr(auth) + repr(vars(auth))
        # the server's own frames hold what it was sent, so it answers without one
        issuer = Issuer()
        break_it(issuer)
        flow = auth.sync_auth_flow(httpx.Request("GET", "https://api.example/"))
        request = next(flow)
        response = issuer(request)
        response.request = request
        if response.status_code == 200:
            continue
        try:
            flow.send(response)
        except (Unauthorized, Unavailable) as error:
            shown = _seen(error)
            assert "auth.py" in shown
            own = "\n".join(line for line in shown.splitlines() if "issuer" not in line and "flow" not in line)
            assert CANARY not in own
        else:
            pytest.fail("it did not fail")


def test_a_full_vault_shows_no_secret():
    class Full(MemoryVault):
        def put(self, name, value):
            del value
            raise OSError("disk full")

    issuer = Issuer()
    flow = refreshing(Full(), first=f"{CANARY}-r0").sync_auth_flow(httpx.Request("GET", "https://api.example/"))
    request = next(flow)
    response = issuer(request)
    response.request = request
    del issuer
    with pytest.raises(OSError, match="disk full") as caught:
        flow.send(response)
    assert CANARY not in _seen(caught.value)


class Plain(RestConnector):
    name = "plain"
    streams = ()

    def check(self):
        self.post("/login", json={"user": "us", "password": Secret(CANARY)})

    def pull(self, stream, cursor=None):
        yield from ()


def test_a_secret_in_a_json_body_is_sent_and_not_shown():
    bodies = []

    def refuse(request):
        bodies.append(json.loads(request.content))
        raise httpx.ReadTimeout("slow")

    made = Plain("https://api.example")
    made.transport = httpx.MockTransport(refuse)
    with pytest.raises(Unavailable) as caught:
        made.check()
    assert bodies == [{"user": "us", "password": CANARY}]
    del bodies[:]
    shown = "\n".join(line for line in _seen(caught.value).splitlines() if "bodies" not in line)
    assert "rest.py" in shown
    assert CANARY not in shown


def test_a_password_in_the_address_is_in_no_error():
    made = Plain(f"http://us:{CANARY}@127.0.0.1:9")  # nothing listens there
    made.retry = Retry(attempts=1)
    for path in ("/login", "https://elsewhere.example/login"):
        with pytest.raises((Unavailable, ConfigError), match=r"^http://127\.0\.0\.1:9: ") as caught:
            made.post(path)
        assert CANARY not in str(caught.value)
    made.close()


def test_a_secret_shows_stars_only():
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {secret!s} {[secret]} "
    assert secret == Secret(Secret(CANARY))
    assert secret != CANARY
    assert secret.reveal() == CANARY
    assert [
        n for n in ("token", "api_key", "client_secret", "password", "monkey", "tokens", "name") if is_secret(n)
    ] == [
        "token",
        "api_key",
        "client_secret",
        "password",
    ]
