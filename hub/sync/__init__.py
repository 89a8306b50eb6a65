"""The walk of the data, a file a step: pull, land, map, check, resolve, merge, outbox, push, receipt."""
