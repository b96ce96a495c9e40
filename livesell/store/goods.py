"""What was imported of the goods, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, select, update

from livesell.model import Code
from livesell.store import rows
from livesell.store import schema as s

_cells = msgspec.json.Decoder(dict[str, str])


def imported_cells(connection: Connection) -> dict[Code, dict[str, str]]:
    """The raw cells last taken in, by product; none for a product that came another way."""
    found = connection.execute(select(s.products.c.code, s.products.c.imported))
    return {Code(row.code): _cells.decode(row.imported) if row.imported else {} for row in found}


def remember_imported(connection: Connection, cells: Mapping[Code, Mapping[str, str]]) -> None:
    """Keep the raw cells of an import."""
    for code, row in cells.items():
        connection.execute(update(s.products).where(s.products.c.code == code).values(imported=rows.text(dict(row))))
