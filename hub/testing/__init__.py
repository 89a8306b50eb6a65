"""Shipped for those who write connectors: the contract suite, fakes, recordings, a package to begin with."""
