"""What all tables share: the naming of keys and indexes, and the number a database hands out itself.

Times are microseconds since 1970 in UTC, days are ISO text, money is minor units beside its code.
"""

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"},
)
Serial = BigInteger().with_variant(Integer, "sqlite")
