"""The test database is what its users rely on: empty, their own, and gone afterwards."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.pg import Postgres


def tables(url: str) -> list[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        names = [row[0] for row in found]
    engine.dispose()
    return names


def fill(url: str, table: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {table} (n int)"))
    engine.dispose()


def test_a_test_gets_an_empty_database_of_its_own(postgres: Postgres, pg_url: str) -> None:
    assert tables(pg_url) == []
    fill(pg_url, "mine")
    with postgres.database() as other:
        assert other != pg_url
        assert tables(other) == []
    assert tables(pg_url) == ["mine"]


def test_a_filled_database_serves_as_template(postgres: Postgres) -> None:
    name = postgres.create()
    fill(postgres.url(name), "seeded")
    with postgres.database(template=name) as copy:
        assert tables(copy) == ["seeded"]
    postgres.drop(name)


def test_a_database_is_gone_after_its_block_even_with_someone_connected(postgres: Postgres) -> None:
    with postgres.database() as url:
        name = make_url(url).database or ""
        left = psycopg.connect(postgres.dsn(name))
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(postgres.dsn(name))
