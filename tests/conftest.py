"""Fixtures that every test may ask for, and how a parallel run is shared out."""

pytest_plugins = ["tests.pg", "tests.shared_out"]
