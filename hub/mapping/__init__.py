"""Mapping files: what a record over there is in canonical form, and the way back.

mapping = load(Path("mappings/hubspot.companies.toml"))
values, problems = mapping.read(b'{"properties": {"name": "Acme"}}')
data, skipped = mapping.write({"name": "Acme"}, create=False)
"""

from hub.mapping.check import check
from hub.mapping.converters import BUILTIN, Converter, Converters
from hub.mapping.load import load, loaded, parse
from hub.mapping.mapping import Gone, Look, Mapping
from hub.mapping.result import Doubt, Problem, Reading, Writing
from hub.mapping.rows import Row

__all__ = [
    "BUILTIN",
    "Converter",
    "Converters",
    "Doubt",
    "Gone",
    "Look",
    "Mapping",
    "Problem",
    "Reading",
    "Row",
    "Writing",
    "check",
    "load",
    "loaded",
    "parse",
]
