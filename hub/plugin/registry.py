"""Finds the plugins and keeps what each of them brought.

Built-ins come first, then other distributions, then the company's own files, so that a company's file wins.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoints
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple, cast

import pluggy

from hub.connect.base import Connector
from hub.errors import ConfigError
from hub.plugin import hookspecs
from hub.plugin.hookspecs import PROJECT, Check, MatchRule
from hub.plugin.matching import Compare
from hub.suggest import like

GROUP = "hub"
CONNECTORS = "hub.connectors"  # modules that bring the connector of the entry point's name, and nothing else
BUILTIN = ("hub_files", "hub_hubspot", "hub_tryton", "hub_stripe", "hub_mail", "hub_flows")
HOOKS = tuple(name for name, it in vars(hookspecs).items() if hasattr(it, f"{PROJECT}_spec"))


class Converter(NamedTuple):
    """A named pair of functions: theirs to ours, and ours to theirs."""

    read: Callable[..., Any]
    write: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Plugin:
    """One module that was loaded, and where it came from."""

    name: str
    origin: str  # a distribution and its version, or a file
    file: bool  # a company's own file, which may replace what others brought
    hooks: tuple[str, ...] = ()


@dataclass(slots=True)
class Registry:
    """What all plugins brought, by name; `hook` calls them."""

    hook: pluggy.HookRelay
    plugins: list[Plugin] = field(default_factory=list)
    connectors: dict[str, type[Connector]] = field(default_factory=dict)
    converters: dict[str, Converter] = field(default_factory=dict)
    match_rules: dict[str, tuple[str, MatchRule | Compare]] = field(default_factory=dict)  # name: (model, rule)
    checks: dict[str, tuple[str, Check]] = field(default_factory=dict)  # severe ones, name: (model, check)
    findings: dict[str, tuple[str, Check]] = field(default_factory=dict)  # those that only count in hub quality
    brought: dict[tuple[str, str], Plugin] = field(default_factory=dict)  # (kind, name): the plugin

    def who(self, name: str) -> str | None:
        """Which plugin brought the connector, converter, match rule or check of that name; None where none did."""
        found = [plugin.origin for (_, known), plugin in self.brought.items() if known == name]
        return ", ".join(dict.fromkeys(found)) or None

    def connector(self, name: str) -> type[Connector]:
        """The connector class of that name. Raises ConfigError that says what there is."""
        if name in self.connectors:
            return self.connectors[name]
        hint = like(name, self.connectors) or f"; there are: {', '.join(sorted(self.connectors)) or 'none'}"
        raise ConfigError(f'no connector "{name}"{hint}; others come with their package: pip install hub-{name}')


def load(
    plugins_dir: Path | None = None, entry_points: bool = True, connectors: Collection[str] | None = None
) -> Registry:
    """Load every plugin and collect what they register.

    Of the modules of the group `hub.connectors` only those of `connectors` are imported, all where it is None or names
    one that nobody brings, so that an error can say what there is. Raises ConfigError that names the file or
    distribution at fault: one that cannot be imported, a hook that does not exist, a name that two distributions claim.
    """
    registry = _load(plugins_dir, entry_points, connectors)
    if connectors is not None and not registry.connectors.keys() >= set(connectors):
        return _load(plugins_dir, entry_points, None)
    return registry


def _load(plugins_dir: Path | None, entry_points: bool, connectors: Collection[str] | None) -> Registry:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    registry = Registry(manager.hook)
    by_name: dict[str, Plugin] = {}
    # one scan of all that is installed; Python 3.11 gives another type that selects alike
    points = cast("EntryPoints", importlib.metadata.entry_points()) if entry_points else EntryPoints()
    for plugin, module in _modules(plugins_dir, points, connectors):
        _undecorated(plugin, module)
        try:
            manager.register(module, plugin.name)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise ConfigError(f"{plugin.origin}: {' '.join(str(error).split())}") from None
        by_name[plugin.name] = plugin
    _misspelt(manager, by_name)
    manager.check_pending()
    for name, plugin in by_name.items():
        callers = manager.get_hookcallers(manager.get_plugin(name)) or []
        full = Plugin(plugin.name, plugin.origin, plugin.file, tuple(caller.name for caller in callers))
        by_name[name] = full
        registry.plugins.append(full)
    _more(registry.plugins, points)
    _collect(registry, by_name)
    return registry


def _modules(
    plugins_dir: Path | None, points: EntryPoints, connectors: Collection[str] | None
) -> Iterator[tuple[Plugin, ModuleType]]:
    lone = points.select(group=CONNECTORS)
    asked = [point for point in lone if connectors is None or point.name in connectors]
    found = [*points.select(group=GROUP), *asked]
    ours = {point.value for point in found if point.dist is not None and point.dist.name == PROJECT}
    for name in sorted(ours, key=lambda n: (BUILTIN.index(n) if n in BUILTIN else 99, n)) or BUILTIN:
        if importlib.util.find_spec(name) is not None:  # a checkout may hold only some
            yield Plugin(name, f"{PROJECT} ({name})", file=False), _import(name, f"{PROJECT} ({name})")
    for point in sorted(found, key=lambda p: (p.dist.name if p.dist else "", p.value)):
        if point.value in ours:
            continue
        dist = f"{point.dist.name} {point.dist.version}" if point.dist else "a distribution without a name"
        origin = f"{dist} ({point.value})"
        yield Plugin(point.value, origin, file=False), _import(point.module, origin)
    for path in sorted(plugins_dir.glob("*.py")) if plugins_dir else ():
        if not path.name.startswith("_"):
            origin = f"{path.parent.name}/{path.name}"
            yield Plugin(origin, origin, file=True), _import_file(path, origin)


def _import(name: str, origin: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ConfigError(
            f"{origin}: cannot be imported: {type(error).__name__}: {error}; install what it needs, or uninstall it"
        ) from error


def _import_file(path: Path, origin: str) -> ModuleType:
    name = f"hub_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{origin}: no Python module; a plugin is one .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and Structs look their module up while it is made
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        sys.modules.pop(name, None)
        raise ConfigError(
            f"{origin}{_line(error, path)}: {type(error).__name__}: {error}; mend it or move it away"
        ) from error
    return module


def _line(error: BaseException, path: Path) -> str:
    """Where in the file it went wrong: `:12`, or nothing."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f":{error.lineno}"
    at, line = error.__traceback__, ""
    while at is not None:
        if at.tb_frame.f_code.co_filename == str(path):
            line = f":{at.tb_lineno}"
        at = at.tb_next
    return line


def _undecorated(plugin: Plugin, module: ModuleType) -> None:
    for name in HOOKS:
        it = getattr(module, name, None)
        if isinstance(it, FunctionType) and it.__module__ == module.__name__ and not hasattr(it, f"{PROJECT}_impl"):
            raise ConfigError(
                f"{plugin.origin}: {name} is a hook but not marked as one, so it would never be called; "
                "write @hookimpl above it (from hub.plugin import hookimpl)"
            )


def _more(plugins: Iterable[Plugin], points: EntryPoints) -> None:
    """Raise for a module of the group `hub.connectors` with other hooks: they would be called now and then."""
    lone = {point.value for point in points.select(group=CONNECTORS)}
    faults = [
        f"{plugin.origin}: brings {', '.join(more)} too; name it in the entry point group {GROUP}, not in {CONNECTORS}"
        for plugin in plugins
        if plugin.name in lone and (more := [hook for hook in plugin.hooks if hook != "register_connectors"])
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def _misspelt(manager: pluggy.PluginManager, plugins: dict[str, Plugin]) -> None:
    faults = []
    for name, caller in vars(manager.hook).items():
        if name.startswith("_") or caller.has_spec():
            continue
        for impl in caller.get_hookimpls():
            if not impl.optionalhook:
                hint = like(name, HOOKS) or f"; there are: {', '.join(HOOKS)}"
                faults.append(f'{plugins[impl.plugin_name].origin}: no hook "{name}"{hint}')
    if faults:
        raise ConfigError("\n".join(faults))


def _collect(registry: Registry, plugins: dict[str, Plugin]) -> None:
    """Call the register hooks one plugin at a time, so that each name is stamped with who brought it."""

    def put(kind: str, table: dict[str, Any], plugin: Plugin, name: str, it: Any) -> None:
        before = registry.brought.get((kind, name))
        if before is not None and not plugin.file:
            raise ConfigError(
                f"two plugins bring a {kind} {name!r}: {before.origin} and {plugin.origin}; uninstall one of them"
            )
        table[name] = it
        registry.brought[kind, name] = plugin

    def each(hook: str, register: Callable[[Plugin], Callable[..., None]]) -> None:
        for impl in getattr(registry.hook, hook).get_hookimpls():
            if impl.argnames:
                impl.function(register(plugins[impl.plugin_name]))

    def connectors(plugin: Plugin) -> Callable[[type[Connector]], None]:
        def register(cls: type[Connector]) -> None:
            name = getattr(cls, "name", None)
            if not (isinstance(cls, type) and issubclass(cls, Connector) and isinstance(name, str)):
                raise ConfigError(f"{plugin.origin}: {cls!r} is no Connector with a name; derive it from hub.connect")
            put("connector", registry.connectors, plugin, name, cls)

        return register

    def converters(plugin: Plugin) -> Callable[..., None]:
        return lambda name, read, write: put("converter", registry.converters, plugin, name, Converter(read, write))

    def ruled(kind: str, table: dict[str, Any]) -> Callable[[Plugin], Callable[..., None]]:
        return lambda plugin: lambda name, model, it: put(kind, table, plugin, name, (model, it))

    def checks(plugin: Plugin) -> Callable[..., None]:
        def register(name: str, model: str, check: Check, *, severe: bool = True) -> None:
            put("check", registry.checks if severe else registry.findings, plugin, name, (model, check))
            (registry.findings if severe else registry.checks).pop(name, None)  # a company's own replaces another's

        return register

    each("register_connectors", connectors)
    each("register_converters", converters)
    each("register_match_rules", ruled("match rule", registry.match_rules))
    each("register_checks", checks)
