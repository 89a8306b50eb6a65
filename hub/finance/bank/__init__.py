"""Reading banks' files: bytes in, statements with entries and problems out; nothing here knows a database."""
