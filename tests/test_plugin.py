"""Every hook is called, and what is wrong with a plugin is said with its file."""

from __future__ import annotations

import ast
import sys
import textwrap
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
import pytest
import typer

from hub.config.project import ConnectionConfig
from hub.connect import Secret
from hub.connect.base import Connector, Stream
from hub.connect.vault import MemoryVault
from hub.errors import ConfigError
from hub.model import Customer
from hub.plugin import Candidate, Derived, Event, Golden
from hub.plugin.registry import HOOKS, load
from hub.plugin.settings import connect, settings_faults, settings_schema

CONNECTOR = """
    from hub.connect import Connector, Stream
    from hub.plugin import hookimpl

    class Acme(Connector):
        name = "acme"
        streams = (Stream("things", "customer"),)
        origin = "{origin}"
        def check(self): pass
        def pull(self, stream, cursor=None): yield from ()

    @hookimpl
    def register_connectors(register):
        register(Acme)
"""


@pytest.fixture
def plugin(tmp_path):
    """Write one-file plugins, and load them alone."""
    folder = tmp_path / "plugins"
    folder.mkdir()

    def write(text, name="mine.py"):
        (folder / name).write_text("from hub.plugin import *\n" + textwrap.dedent(text))
        return lambda: load(folder, entry_points=False)

    write.folder = folder
    return write


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install distributions as pip would: a module and the metadata with its entry point."""

    def install(dist, module, text, version="1.0", point="[hub]\nit"):
        site = tmp_path / f"site-{dist}"
        info = site / f"{dist.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"{point} = {module}\n")
        (site / f"{module}.py").write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, module, raising=False)

    yield install
    for name in [n for n in sys.modules if n.startswith("acme_")]:
        del sys.modules[name]


class Found:
    """A look-up over nothing."""

    def get(self, id):
        return None

    def list(self, model, **fields):
        return []

    def referring(self, id, model):
        return []


def test_register_connectors(plugin):
    registry = plugin(CONNECTOR)()
    assert registry.connectors["acme"].name == "acme"
    assert registry.who("acme") == "plugins/mine.py"
    assert [(p.origin, p.hooks) for p in registry.plugins if p.file] == [("plugins/mine.py", ("register_connectors",))]


def test_register_converters(plugin):
    registry = plugin("""
        @hookimpl
        def register_converters(register):
            register("shout", str.upper, str.lower)
    """)()
    assert registry.converters["shout"].read("a") == "A"
    assert registry.converters["shout"].write("A") == "a"
    assert registry.who("shout") == "plugins/mine.py"


def test_register_match_rules(plugin):
    registry = plugin("""
        @hookimpl
        def register_match_rules(register):
            register("by name", "customer", lambda values: [values["name"].lower()])
    """)()
    model, rule = registry.match_rules["by name"]
    assert (model, list(rule({"name": "ACME"}))) == ("customer", ["acme"])


def test_register_checks(plugin):
    registry = plugin("""
        @hookimpl
        def register_checks(register):
            register("has a name", "customer", lambda values: [] if values.get("name") else ["no name"])
    """)()
    model, check = registry.checks["has a name"]
    assert (model, check({}), check({"name": "x"})) == ("customer", ["no name"], [])


def test_register_commands(plugin):
    registry = plugin("""
        @hookimpl
        def register_commands(cli):
            cli.command("mine")(lambda: None)
    """)()
    app = typer.Typer()
    registry.hook.register_commands(cli=app)
    assert "mine" in [command.name for command in app.registered_commands]


def test_survive_is_asked_of_the_companys_files_and_the_first_answer_counts(plugin):
    load_it = plugin(
        """
        @hookimpl
        def survive(model, field, candidates):
            return None if field == "tier" else candidates[0]
        """,
        "a.py",
    )
    plugin(
        """
        @hookimpl
        def survive(field, candidates):
            return candidates[1] if field == "name" else None
        """,
        "b.py",
    )
    hook = load_it().hook
    both = [Candidate("crm", "a", datetime(2026, 1, 1, tzinfo=UTC), True), Candidate("erp", "b", None, False)]
    assert hook.survive(model="customer", field="name", candidates=both) is both[1]
    assert hook.survive(model="customer", field="note", candidates=both) is both[0]
    assert hook.survive(model="customer", field="tier", candidates=both) is None


def test_derive(plugin):
    hook = plugin("""
        @hookimpl
        def derive(golden, look):
            if golden.model == "deal" and golden.values["stage"] == "won":
                yield Derived("order", "order", {"customer": golden.values["customer"], "deal": golden.id})
    """)().hook
    won = Golden("g1", "deal", {"stage": "won", "customer": "c1"})
    found = [derived for given in hook.derive(golden=won, look=Found()) for derived in given]
    assert found == [Derived("order", "order", {"customer": "c1", "deal": "g1"})]
    assert found[0].of is None
    lost = msgspec.structs.replace(won, values={"stage": "lost"})
    assert [d for given in hook.derive(golden=lost, look=Found()) for d in given] == []


def test_on_event(plugin):
    load_it = plugin("""
        heard = []
        @hookimpl
        def on_event(event):
            heard.append(event.text)
    """)
    registry = load_it()
    registry.hook.on_event(event=Event("run", "42 records", "crm"))
    assert sys.modules["hub_plugin_mine"].heard == ["42 records"]


def test_every_hook_has_a_test():
    tests = {node.name for node in ast.parse(Path(__file__).read_text()).body if isinstance(node, ast.FunctionDef)}
    for hook in HOOKS:
        assert any(name.startswith(f"test_{hook}") for name in tests), f"{hook} has no test"
    assert len(HOOKS) == 8


def test_golden_is_typed():
    assert Golden("g", "customer", {"name": "x", "phones.main": "+49"}).typed() == Customer(
        name="x", phones={"main": "+49"}
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "@hookimpl\ndef register_conectors(register): pass",
            r'plugins/mine.py: no hook "register_conectors" \(did you',
        ),
        ("@hookimpl\ndef dance(): pass", r'plugins/mine.py: no hook "dance"; there are: register_connectors'),
        ("@hookimpl\ndef derive(golden, lok): pass", r"plugins/mine.py: .*lok"),
        ("def derive(golden, look): pass", r"plugins/mine.py: derive is a hook but not marked"),
        ("x = 1\nraise RuntimeError('why')", r"plugins/mine.py:3: RuntimeError: why"),
        ("x = (", r"plugins/mine.py:2: SyntaxError"),
        ("import no_such_thing", r"plugins/mine.py:2: ModuleNotFoundError: .*no_such_thing"),
        ("@hookimpl\ndef register_connectors(register): register(int)", r"plugins/mine.py: .*int.* no Connector"),
    ],
)
def test_a_wrong_plugin_is_named_with_the_fault(plugin, text, says):
    with pytest.raises(ConfigError, match=says):
        plugin(text)()


def test_a_function_that_only_shares_a_name_with_a_hook_by_import_is_no_fault(plugin):
    plugin("def derive_all(): pass\nfrom os.path import join as survive")()


def test_files_beginning_with_an_underscore_are_no_plugins(plugin):
    plugin("raise RuntimeError", "_parts.py")()


def test_the_later_file_wins(plugin):
    plugin(CONNECTOR.format(origin="a"), "a.py")
    registry = plugin(CONNECTOR.format(origin="b"), "b.py")()
    assert registry.connectors["acme"].origin == "b"
    assert registry.who("acme") == "plugins/b.py"


def test_a_companys_file_replaces_a_distribution(plugin, installed):
    installed("hub-acme", "acme_one", CONNECTOR.format(origin="dist"))
    assert load().connectors["acme"].origin == "dist"
    assert load().who("acme") == "hub-acme 1.0 (acme_one)"
    plugin(CONNECTOR.format(origin="file"))
    assert load(plugin.folder).connectors["acme"].origin == "file"


def test_two_distributions_of_one_connector_are_an_error(installed):
    installed("hub-acme", "acme_one", CONNECTOR)
    installed("other-acme", "acme_two", CONNECTOR)
    with pytest.raises(ConfigError, match=r"connector 'acme': hub-acme 1.0 \(acme_one\) and other-acme 1.0"):
        load()


def test_a_distribution_that_cannot_be_imported_is_named(installed):
    installed("hub-acme", "acme_broken", "import no_such_thing")
    with pytest.raises(ConfigError, match=r"hub-acme 1.0 \(acme_broken\): .*no_such_thing"):
        load()


def test_a_lone_connector_is_imported_only_where_it_is_named(installed):
    installed("hub-acme", "acme_one", CONNECTOR.format(origin="dist"), point="[hub.connectors]\nacme")
    assert "acme" in load().connectors
    assert "acme" in load(connectors={"acme"}).connectors
    assert load(connectors={"files"}).connectors.keys() & {"acme", "files", "hubspot"} == {"files"}
    assert "acme" in load(connectors={"fies"}).connectors  # what nobody brings is told with all there is


def test_what_brings_more_than_a_connector_is_no_lone_one(installed):
    more = "    @hookimpl\n    def derive(golden, look): ...\n"
    installed("hub-acme", "acme_one", CONNECTOR + more, point="[hub.connectors]\nacme")
    with pytest.raises(ConfigError, match=r"hub-acme 1.0 \(acme_one\): brings derive too; name it in .* group hub, "):
        load()


def test_built_ins_come_through_the_same_door():
    registry = load()
    assert all(plugin.origin.startswith("hub (hub_") for plugin in registry.plugins)
    assert {"bank", "files", "hubspot", "mail", "stripe", "tryton"} >= set(registry.connectors)


class Shop(Connector):
    """Has a setting of every kind."""

    name = "shop"
    streams = (Stream("orders", "order"),)

    def __init__(
        self,
        base_url: str,
        token: str,
        api_secret: Secret = Secret(""),  # noqa: B008 - cannot be changed
        *,
        page: int = 100,
        mode: Literal["live", "test"] = "live",
        folder: Path | None = None,
        columns: dict[str, str] | None = None,
        connection: str = "",
        vault: MemoryVault | None = None,
    ) -> None:
        self.given = (base_url, token, api_secret, page, mode, folder, columns, connection, vault)

    def check(self):
        pass

    def pull(self, stream, cursor=None):
        yield from ()


def test_the_constructor_is_the_schema():
    schema = {s.name: (s.type_name, s.required, s.secret) for s in settings_schema(Shop)}
    assert schema == {
        "base_url": ("str", True, False),
        "token": ("str", True, True),
        "api_secret": ("Secret", False, True),
        "page": ("int", False, False),
        "mode": ("one of live, test", False, False),
        "folder": ("pathlib.Path | None", False, False),
        "columns": ("dict[str, str] | None", False, False),
    }


@pytest.fixture
def shops(plugin):
    registry = plugin("")()
    registry.connectors["shop"] = Shop
    return registry


def test_connect_builds_from_settings(shops, tmp_path):
    vault = MemoryVault()
    settings = {"base_url": "https://x", "token": "t", "api_secret": "s", "page": "50", "folder": str(tmp_path)}
    made = connect(ConnectionConfig("eu", "shop", settings), shops, vault=vault)
    assert made.given == ("https://x", "t", Secret("s"), 50, "live", tmp_path, None, "eu", vault)


def test_a_secret_stays_one_for_who_asks_for_it(shops):
    given = {"base_url": Secret("https://u:p@x"), "token": Secret("canary-1"), "api_secret": Secret("canary-2")}
    made = connect(ConnectionConfig("eu", "shop", given | {"columns": {"a": Secret("canary-3")}}), shops)
    assert made.given[:3] == ("https://u:p@x", "canary-1", Secret("canary-2"))
    assert made.given[6] == {"a": "canary-3"}
    faults = settings_faults(Shop, given | {"mode": Secret("canary-4"), "page": Secret("canary-5")})
    assert sorted(faults) == ["mode", "page"]
    assert "canary" not in str(faults)


def test_no_traceback_shows_a_setting_that_is_a_secret(shops):
    class Failing(Shop):
        def __init__(self, base_url: str, token: Secret | None = None) -> None:
            raise ZeroDivisionError

    shops.connectors["shop"] = Failing
    assert [s.type_name for s in settings_schema(Failing)] == ["str", "Secret | None"]
    with pytest.raises(ZeroDivisionError) as caught:
        connect(ConnectionConfig("eu", "shop", {"base_url": "https://x", "token": Secret("canary-1")}), shops)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "settings.py" in shown
    assert "canary-1" not in shown.replace('Secret("canary-1")', "")


def test_connect_lists_every_mistake_and_no_secret(shops):
    settings = {"base_ulr": "https://x", "token": ["canary-7f3a"], "page": "many", "mode": "dead", "vault": "x"}
    with pytest.raises(ConfigError) as caught:
        connect(ConnectionConfig("eu", "shop", settings), shops)
    said = str(caught.value).splitlines()
    assert "canary" not in str(caught.value)
    assert said[0] == 'eu: base_ulr: shop has no such setting (did you mean "base_url"?)'
    assert [line.split(":")[1].strip() for line in said] == ["base_ulr", "token", "page", "mode", "vault", "base_url"]
    assert said[1] == "eu: token: must be str"
    assert said[-1] == "eu: base_url: missing; write base_url (str)"
    assert settings_faults(Shop, {"base_url": "http://x"}) == {
        "token": 'missing; write token = "${ENVIRONMENT_VARIABLE}"'
    }


def test_an_unknown_connector_says_what_there_is(shops):
    with pytest.raises(ConfigError, match=r'eu: no connector "shp" \(did you mean "shop"\?\)'):
        connect(ConnectionConfig("eu", "shp", {}), shops)
    with pytest.raises(ConfigError, match="pip install hub-zebra"):
        connect(ConnectionConfig("eu", "zebra", {}), shops)
