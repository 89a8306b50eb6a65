"""Reads a scenario file: YAML in which numbers and days stay the texts they are written as."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from hub.finance.scenario.case import Case, case
from hub.finance.scenario.values import Fields, ScenarioError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Plain(_Loader):  # type: ignore[misc]
    """YAML without floats, octal numbers and dates: 0012 keeps its zeros, 10.10 is never a float."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - so PyYAML names it

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice, which YAML loaders take silently."""
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if isinstance(key, str) and keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f'the key "{key}" stands twice', node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:merge", r"^(?:<<)$", ["<"]),
):
    Plain.add_implicit_resolver(_tag, re.compile(_pattern), _first)


def read(path: Path) -> Iterator[Case | ScenarioError]:
    """Yield each case, or what is wrong with it; a case that cannot be read does not stop the others.

    Raises ScenarioError where the file as a whole cannot be read.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=Plain)  # noqa: S506 - Plain is a safe loader
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ScenarioError(f"{path}: nested too deep") from None
    top = Fields(data, path.name)
    defaults = top.data.get("policy_defaults") or {}
    Fields(defaults, f"{path.name}: policy_defaults")
    cases = top.data.get("cases")
    if not isinstance(cases, list):
        raise ScenarioError(f"{path}: cases: must be a list of cases")
    seen: set[str] = set()
    for number, one in enumerate(cases):
        try:
            found = case(one, defaults, path.name, number)
            if found.id in seen:
                raise ScenarioError(f"{path.name}: case {found.id}: there are two cases with this id")
            seen.add(found.id)
            yield found
        except ScenarioError as error:
            yield error
