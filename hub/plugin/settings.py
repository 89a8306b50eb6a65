"""A connector's constructor is the schema of its settings: reads it, checks settings against it, builds the connector."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from hub.config.finance import Finance
from hub.config.project import ConnectionConfig, Project
from hub.connect.base import Connector
from hub.errors import ConfigError
from hub.plugin.registry import Registry
from hub.secret import Secret, held, is_secret, received, revealed
from hub.suggest import like

if TYPE_CHECKING:
    from hub.connect.vault import Vault

GIVEN = ("connection", "vault", "finance")  # what the hub fills in: its name, the store of rotating tokens, [finance]


class Setting(NamedTuple):
    """One setting of a connector."""

    name: str
    type: Any
    default: Any  # None where it is required
    required: bool
    secret: bool

    @property
    def type_name(self) -> str:
        """The type as a person reads it: `str | None`, `one of ssl, starttls, none`."""
        if get_origin(self.type) is Literal:
            return f"one of {', '.join(map(str, get_args(self.type)))}"
        plain = isinstance(self.type, type) and not hasattr(self.type, "__args__")
        return self.type.__name__ if plain else str(self.type).replace(f"{Secret.__module__}.", "")


def settings_schema(cls: type[Connector]) -> list[Setting]:
    """The settings a connector takes, in the order of its constructor."""
    try:
        hints = get_type_hints(cls.__init__)
    except NameError:  # a type imported for the type checker only: the value is taken as it is
        hints = {}
    schema = []
    for name, parameter in _parameters(cls).items():
        if name in GIVEN or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        required = parameter.default is parameter.empty
        default = None if required else parameter.default
        schema.append(Setting(name, hints.get(name, Any), default, required, is_secret(name)))
    return schema


def settings_faults(cls: type[Connector], settings: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the settings, by name: unknown, missing or of a wrong type; never tells a secret's value."""
    return _checked(cls, settings)[1]


def connect(
    config: ConnectionConfig, registry: Registry, *, vault: Vault | None = None, finance: Finance | None = None
) -> Connector:
    """Build the connector of a connection; the network is not touched.

    Raises ConfigError that lists every mistake in the settings.
    """
    try:
        cls = registry.connector(config.connector)
    except ConfigError as error:
        raise ConfigError(f"{config.name}: {error}") from None
    settings, faults = _checked(cls, config.settings)
    if faults:
        raise ConfigError("\n".join(f"{config.name}: {name}: {fault}" for name, fault in faults.items()))
    given = {"connection": config.name, "vault": vault, "finance": finance}
    for name in GIVEN:
        if name in _parameters(cls):
            settings[name] = given[name]
    try:
        return cls(**settings)
    except ConfigError as error:
        raise ConfigError(f"{config.name}: {error}") from None


def connector(project: Project, name: str, registry: Registry, vault: Vault | None = None) -> Connector:
    """Build the connector of one of a project's connections, with the place where its rotating tokens are kept.

    Raises ConfigError where there is no such connection, or its settings are wrong.
    """
    return connect(project.connection(name), registry, vault=vault, finance=project.finance)


def _parameters(cls: type[Connector]) -> dict[str, inspect.Parameter]:
    return dict(list(inspect.signature(cls.__init__).parameters.items())[1:])


def _checked(cls: type[Connector], settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    schema = {setting.name: setting for setting in settings_schema(cls)}
    takes_any = any(p.kind is p.VAR_KEYWORD for p in _parameters(cls).values())
    good: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, value in settings.items():
        setting = schema.get(name)
        if setting is None and takes_any and name not in GIVEN:
            good[name] = value
        elif setting is None:
            hint = like(name, schema) or f"; there are: {', '.join(schema) or 'none'}"
            faults[name] = f"{cls.name} has no such setting{hint}"
        else:
            try:
                # not strict, since what comes from the environment is always text; a secret stays one where the
                # connector asks for one, and is given in the open where it asks for text
                good[name] = msgspec.convert(revealed(value), setting.type, strict=False, dec_hook=_special)
                if name == "base_url" and not str(revealed(value)).startswith(("https://", "http://")):
                    faults[name] = "must begin with https:// (or http://)"
            except (msgspec.ValidationError, TypeError, ValueError) as error:
                detail = "" if setting.secret or any(held(value)) else f" ({error})"
                faults[name] = f"must be {setting.type_name}{detail}"
    for name, setting in schema.items():
        if setting.required and name not in settings:
            hint = ' = "${ENVIRONMENT_VARIABLE}"' if setting.secret else f" ({setting.type_name})"
            faults[name] = f"missing; write {name}{hint}"
    return good, faults


def _special(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    return value if isinstance(value, kind) else received(kind, value)
