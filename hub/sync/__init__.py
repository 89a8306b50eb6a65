"""The walk of the data, a file a step: pull, land, map, check, resolve, merge, outbox, push, receipt."""

from hub.sync.run import Hub, Run, Step

__all__ = ["Hub", "Run", "Step"]
