"""Brings a database up to the schema of this version: one from any version before it, or an empty one."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from hub.store.tables import metadata

HERE = Path(__file__).parent / "migrations"
HEAD = max(file.name.split("_")[0] for file in (HERE / "versions").glob("[0-9]*.py"))  # read without Alembic: 0.3 s
LOCK = {"postgresql": "SELECT pg_advisory_xact_lock(7473)", "sqlite": "BEGIN IMMEDIATE"}
_version = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def revision(engine: Engine) -> str | None:
    """The schema's revision, None for an empty database."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing, all or none of them, one process at a time.

    An empty database has none to run: its tables are made as they are, and it is marked with this version.
    """
    if revision(engine) == HEAD:
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(LOCK[engine.dialect.name])
        if not inspect(connection).get_table_names():
            metadata.create_all(connection, checkfirst=False)
            _version.create(connection)
            connection.execute(_version.insert().values(version_num=HEAD))
            return
        migrate(connection)


def migrate(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing on a connection, those up to a revision."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
