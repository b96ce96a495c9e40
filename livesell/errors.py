"""Every error that livesell raises on purpose, each carrying its data and composing its own sentence.

LivesellError
├── ConfigError          a setting is wrong or missing; names file and key
├── CatalogError         a row of a product sheet cannot be read; names file, row, column
├── AdapterError         a source failed; `permanent` says whether trying again can help
├── Refused              the desk will not do what was asked; nothing changed
│   ├── NotFound         it names something that does not exist
│   └── Conflict         it was true when the page showed it, and is not any more
├── BadInput             a body, frame or line that cannot be taken; nothing was stored
└── StoreError           the database cannot be opened or written
    ├── StoreBusy        another program holds it
    ├── StoreAway        its server does not answer
    ├── StoreFull        there is no room left
    │   └── StoreLow     there was none, and what was kept for that is in use
    ├── StoreReadOnly    the folder or disk takes nothing
    └── StoreBroken      it must not be written again before a person, or a start, has put it right
        ├── StoreDamaged what is in the file cannot be trusted
        └── StoreUnsure  the disk did not say whether it has a commit
"""

from __future__ import annotations

from pathlib import Path


class LivesellError(Exception):
    """The root: its text is one line for a person, without a trace."""


class ConfigError(LivesellError):
    """A setting that cannot be used; `where` is the file and key, `way_out` what to do."""

    def __init__(self, where: str, problem: str, way_out: str = "") -> None:
        self.where, self.problem, self.way_out = where, problem, way_out
        super().__init__(f"{where}: {problem}" + (f" ({way_out})" if way_out else ""))


class CatalogError(LivesellError):
    """A product sheet that changes nothing, because of one row.

    `row` counts from 1 with the heading as row 1, as a spreadsheet shows it; `column` is the heading.
    """

    def __init__(self, file: str | Path, problem: str, *, row: int | None = None, column: str | None = None) -> None:
        self.file, self.problem, self.row, self.column = str(file), problem, row, column
        place = Path(file).name + (f" row {row}" if row is not None else "")
        super().__init__(f"{place}, {column}: {problem}" if column else f"{place}: {problem}")


class AdapterError(LivesellError):
    """A source failed.

    `permanent`: trying again without a change by a person is useless (a wrong key, a channel that does not exist).
    `retry_after`: seconds that the platform asks to wait, where it says so.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        self.permanent, self.retry_after = permanent, retry_after
        super().__init__(message)


class Refused(LivesellError):
    """A command that the rules of the desk do not allow; `code` is stable, `data` fills the sentence."""

    def __init__(self, code: str, sentence: str, **data: object) -> None:
        self.code, self.data = code, data
        super().__init__(sentence)


class NotFound(Refused):
    """A command that names an order, line, comment or product that is not there."""

    def __init__(self, what: str, name: object) -> None:
        super().__init__("not_found", f"there is no {what} {name}", what=what, name=name)


class Conflict(Refused):
    """A command that was given on a view that has changed since."""


class BadInput(LivesellError):
    """A body, frame or line that cannot be taken; `index` and `field` name the place."""

    def __init__(self, problem: str, *, index: int | None = None, field: str | None = None) -> None:
        self.problem, self.index, self.field = problem, index, field
        place = [f"comment {index}"] if index is not None else []
        if field:
            place.append(f"field '{field}'")
        super().__init__(", ".join(place) + (": " if place else "") + problem)


class StoreError(LivesellError):
    """The database cannot do what was asked; what was acknowledged before is safe. `code` is stable."""

    code = "failed"


class StoreBusy(StoreError):
    """Another program holds the database."""

    code = "busy"


class StoreAway(StoreError):
    """The database server does not answer; what was on its way is stored or not, and can be asked for again."""

    code = "away"


class StoreFull(StoreError):
    """The disk is full."""

    code = "disk_full"


class StoreLow(StoreFull):
    """The disk was full; the room kept for that is in use, so orders are still taken."""

    code = "disk_low"


class StoreReadOnly(StoreError):
    """The folder or disk is read-only."""

    code = "read_only"


class StoreBroken(StoreError):
    """Writing stops until a person, or the next start, has put it right."""


class StoreDamaged(StoreBroken):
    """The file is damaged, or is no database."""

    code = "damaged"


class StoreUnsure(StoreBroken):
    """The disk failed while it was told to keep a commit: whether it has it shows only when the file is opened anew."""

    code = "unsure"
