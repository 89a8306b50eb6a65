"""A transaction, and the two dialects: how SQLite and PostgreSQL take many rows at once.

Statements are written with `?` for a value and `IN ?` for a list; each dialect turns them into its own form. Bulk
writes go through the driver: binary COPY and arrays on PostgreSQL, `executemany` on SQLite.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import msgspec
from sqlalchemy import Boolean, Float, Integer, LargeBinary, SmallInteger, Table
from sqlalchemy.types import BigInteger, TypeEngine

Row = tuple[Any, ...]
MANY = 20  # rows from which on COPY pays
NEXT = (
    "INSERT INTO counter (name, value) VALUES ('seq', 1) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value"
)


class Tx:
    """One transaction; `seq` is its number in the hub's order of writes, 0 where it only reads."""

    def __init__(self, connection: Any, seq: int) -> None:
        self.connection = connection
        self.cursor = connection.cursor()
        self.seq = seq

    def start(self) -> None:
        """Begin writing."""

    def next(self) -> None:
        """Take the next sequence number, which also lets one writer in at a time."""
        self.seq = int(self.rows(NEXT)[0][0])

    def commit(self) -> None:
        """Make it durable."""
        self.connection.commit()

    def relax(self) -> None:
        """Let the commit return before it is on disk, where the database can do so.

        For what a power failure may take back: it goes as a whole, and only together with all that came after it.
        """

    def overwrite(self) -> None:
        """Have what is deleted from here on overwritten with zeros, where the database can do so."""

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Return all rows of a query."""
        raise NotImplementedError

    def run(self, sql: str, *values: Any) -> int:
        """Carry out a statement; return how many rows it touched."""
        raise NotImplementedError

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row], *, ignore: bool = False) -> int:
        """Insert rows; with `ignore`, those whose key is taken are left alone. Return how many were inserted."""
        raise NotImplementedError

    def upsert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows, and replace the given columns of those whose primary key is there."""
        raise NotImplementedError

    @staticmethod
    def value_at(path: str) -> str:
        """The SQL for one field of `golden.data`, as text."""
        raise NotImplementedError

    @staticmethod
    def any_kind() -> str:
        """The SQL for `golden.data` holding a value under any path that begins so; it takes both, as text."""
        raise NotImplementedError

    @staticmethod
    def conflict(table: Table, columns: Sequence[str]) -> str:
        """The clause that turns an insert into an upsert."""
        keys = [c.name for c in table.primary_key]
        sets = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in keys)
        return f"ON CONFLICT ({', '.join(keys)}) DO " + (f"UPDATE SET {sets}" if sets else "NOTHING")


class SqliteTx(Tx):
    """SQLite: one writer by nature."""

    def start(self) -> None:
        self.cursor.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.cursor.execute("COMMIT")

    def overwrite(self) -> None:
        self.rows("PRAGMA secure_delete = ON")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        found: list[Row] = self.cursor.execute(*self._form(sql, values)).fetchall()
        return found

    def run(self, sql: str, *values: Any) -> int:
        return int(self.cursor.execute(*self._form(sql, values)).rowcount)

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row], *, ignore: bool = False) -> int:
        return self._many(table, columns, rows, " ON CONFLICT DO NOTHING" if ignore else "")

    def upsert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self._many(table, columns, rows, " " + self.conflict(table, columns))

    def _many(self, table: Table, columns: Sequence[str], rows: Sequence[Row], tail: str) -> int:
        if not rows:
            return 0
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}){tail}"
        return int(self.cursor.executemany(sql, rows).rowcount)

    @staticmethod
    def value_at(path: str) -> str:
        quoted = path.replace('"', "").replace("'", "")
        return f"(data ->> '$.\"{quoted}\"')"

    @staticmethod
    def any_kind() -> str:
        return "EXISTS (SELECT 1 FROM json_each(data) AS x WHERE instr(x.key, ?) = 1 AND x.value = ?)"

    @staticmethod
    def _form(sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        plain = [msgspec.json.encode(v).decode() if isinstance(v, (list, tuple)) else v for v in values]
        return sql.replace("IN ?", "IN (SELECT value FROM json_each(?))"), plain


class PostgresTx(Tx):
    """PostgreSQL through psycopg: COPY for what is new, arrays for the rest."""

    def relax(self) -> None:
        self.cursor.execute("SET LOCAL synchronous_commit = off")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        found: list[Row] = self.cursor.execute(_dollar(sql), _packed(values), binary=True).fetchall()
        return found

    def run(self, sql: str, *values: Any) -> int:
        return int(self.cursor.execute(_dollar(sql), _packed(values)).rowcount)

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row], *, ignore: bool = False) -> int:
        if ignore and not (len(rows) >= MANY and self._free(table, columns, rows)):
            return self._arrays(table, columns, rows, " ON CONFLICT DO NOTHING") if rows else 0
        if len(rows) < MANY:
            return self._arrays(table, columns, rows, "") if rows else 0
        if not ignore:
            return self._copy(table, columns, rows)
        from psycopg.errors import UniqueViolation

        self.cursor.execute("SAVEPOINT before")
        try:
            return self._copy(table, columns, rows)
        except UniqueViolation:  # somebody took one between the look and the copy
            self.cursor.execute("ROLLBACK TO before")
            return self._arrays(table, columns, rows, " ON CONFLICT DO NOTHING")
        finally:
            self.cursor.execute("RELEASE before")

    def _free(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> bool:
        """Whether none of the rows' keys is there: then COPY takes half the server's work of an INSERT that may meet one.

        Told only of tables whose key is one column of text.
        """
        (key, *more) = table.primary_key
        if more or _type(key.type) != "text":
            return False
        at = columns.index(key.name)
        return not self.rows(f"SELECT 1 FROM {table.name} WHERE {key.name} IN ? LIMIT 1", [row[at] for row in rows])

    def _copy(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> int:
        copy = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
        with self.cursor.copy(copy) as out:
            out.set_types(_types(table, tuple(columns)))
            for row in rows:
                out.write_row(row)
        return len(rows)

    def upsert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        if rows:
            self._arrays(table, columns, rows, " " + self.conflict(table, columns))

    @staticmethod
    def value_at(path: str) -> str:
        quoted = path.replace("'", "")
        return f"(data::json ->> '{quoted}')"

    @staticmethod
    def any_kind() -> str:
        return "EXISTS (SELECT 1 FROM json_each_text(data::json) AS x WHERE strpos(x.key, ?) = 1 AND x.value = ?)"

    def _arrays(self, table: Table, columns: Sequence[str], rows: Sequence[Row], tail: str) -> int:
        kinds = _types(table, tuple(columns))
        marks = ", ".join(f"%{'s' if kind == 'text' else 'b'}::{kind}[]" for kind in kinds)
        names = ", ".join(columns)
        sql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({marks}){tail}"
        arrays = [list(column) for column in zip(*rows, strict=True)]
        packed = [_array(column) if kind == "text" else column for column, kind in zip(arrays, kinds, strict=True)]
        return int(self.cursor.execute(sql, packed).rowcount)


def _packed(values: Sequence[Any]) -> list[Any]:
    """The values of a statement, long lists of text in PostgreSQL's own notation."""
    return [_array(v) if type(v) is list and len(v) > 20 and type(v[0]) is str else v for v in values]


def _array(texts: Sequence[str | None]) -> str:
    """Texts as PostgreSQL writes an array of them, in a fifth of the time the driver takes for it, item by item."""
    if None in texts:
        return "{" + ",".join("NULL" if t is None else f'"{_quoted(t)}"' for t in texts) + "}"
    known = cast("Sequence[str]", texts)
    whole = "".join(known)
    return '{"' + '","'.join(known if '"' not in whole and "\\" not in whole else map(_quoted, known)) + '"}'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@cache
def _dollar(sql: str) -> str:
    return sql.replace("%", "%%").replace("IN ?", "= ANY(?)").replace("?", "%s")


@cache
def _types(table: Table, columns: tuple[str, ...]) -> list[str]:
    return [_type(table.c[name].type) for name in columns]


def _type(kind: TypeEngine[Any]) -> str:
    if isinstance(kind, SmallInteger):
        return "int2"
    if isinstance(kind, BigInteger):
        return "int8"
    if isinstance(kind, Integer):
        return "int4"
    if isinstance(kind, Float):
        return "float8"
    if isinstance(kind, Boolean):
        return "bool"
    if isinstance(kind, LargeBinary):
        return "bytea"
    return "text"


dialects: dict[str, type[Tx]] = {"sqlite": SqliteTx, "postgresql": PostgresTx}
