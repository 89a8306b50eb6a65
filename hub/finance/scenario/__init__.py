"""Cases of matching written as YAML: what is given, and what must come out; nothing of them touches a store."""

from __future__ import annotations

from hub.finance.scenario.answer import answer
from hub.finance.scenario.case import Case
from hub.finance.scenario.file import read
from hub.finance.scenario.values import ScenarioError

__all__ = ["Case", "ScenarioError", "answer", "read"]
