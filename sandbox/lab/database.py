"""The vulnerable part of the lab's web site: query parameters pasted into real SQL (SQLite)."""

from __future__ import annotations

import re
import sqlite3

LONGEST_VALUE = 100_000  # bytes; sqlmap's time-based probes ask for blobs of a gigabyte
MOST_STEPS = 200_000  # of SQLite's virtual machine; a page takes some dozens

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT, password TEXT);
INSERT INTO users (login, password) VALUES ('admin', 'letmein'), ('guest', 'guest');
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total INTEGER);
INSERT INTO orders (customer, total) VALUES ('alice', 40), ('bob', 75);
"""


class Database:
    """One connection in memory; no page changes it."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.executescript(SCHEMA)
        self._connection.execute("PRAGMA query_only = on")
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self._connection.set_progress_handler(lambda: 1, MOST_STEPS)

    def page(self, value: str) -> tuple[int, str]:
        """HTTP status and text for one parameter's value.

        Whatever the parameter is, its plain value finds one item; so every parameter of every
        page can be exploited, and a task may name any of them.
        """
        key = re.match(r"[\w.@ -]*", value)
        statement = (
            "WITH item AS (SELECT :key AS key, 'Blue kettle' AS title, 42 AS price) "
            f"SELECT title, price FROM item WHERE key = '{value}'"
        )
        try:
            rows = self._connection.execute(statement, {"key": key[0] if key else ""}).fetchmany(50)
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            return 500, f"<p>sqlite3.OperationalError: {error}</p>"
        items = "".join(f"<li>{title}: {price}</li>" for title, price in rows)
        return 200, f"<ul>{items}</ul>" if items else "<p>Nothing found.</p>"
