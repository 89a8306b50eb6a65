"""Brings a database up to the schema of this version, from any version before it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

HERE = Path(__file__).parent / "migrations"
HEAD = max(file.name.split("_")[0] for file in (HERE / "versions").glob("[0-9]*.py"))  # read without Alembic: 0.3 s


def revision(engine: Engine) -> str | None:
    """The schema's revision, None for an empty database."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing; one process at a time on PostgreSQL, SQLite locks by itself."""
    if revision(engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7473)"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
