"""The walk of the data, a file a step: pull, land, map, check, resolve, merge, outbox, push, receipt."""

from hub.sync.report import Run, Step
from hub.sync.run import Hub

__all__ = ["Hub", "Run", "Step"]
