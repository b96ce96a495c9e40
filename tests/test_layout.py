"""The house: imports point one way, and names say what a module is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "livesell"

STAGES = (
    ("errors", "model", "commands", "events", "bundle"),
    ("text", "lexicon", "ordercode", "ledger", "catalog", "parser", "desk", "exports", "onair", "i18n"),
    ("pictures", "adapter", "store", "feed"),
    ("registry", "config", "decoding", "logs", "obs"),
    ("show", "web"),
    ("running", "first", "sheets", "checking", "keeping", "signing", "demo", "broadcast"),
    ("cli", "__main__"),
)
"""What may import what: each stage only itself and those before it."""

ADAPTERS = sorted((ROOT / "adapters").glob("*.py"))
PLATFORMS = {path.stem for path in ADAPTERS if path.stem[0] != "_"} - {"http", "replay"}
"""Sites that viewers write on; programs that post and recordings are none."""

TO_FILES = ("livesell.web.pages", "livesell.sheets")
"""Files for people are made by one module, whether a command or a page asks for them."""

OTHERS_FRAMES = ("replay", "livesell.registry")
"""A recording of frames is decoded by whichever adapter they came from."""

BY_HAND = (PACKAGE / "parser" / "learn.py", PACKAGE / "parser" / "trial.py")
"""Commands that a person runs on the parser; nothing that reads a comment imports them."""


def stage_of(module: str) -> int:
    """Which stage a module of the package belongs to."""
    name = module.split(".")[1] if "." in module else "__init__"
    for number, names in enumerate(STAGES):
        if name in names:
            return number
    raise AssertionError(f"{module} has no stage: say in STAGES where it belongs")


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports anywhere in it; those beside it with a leading dot."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if module == "livesell" or not node.module:
                yield from (f"{module.rstrip('.')}.{name.name}" for name in node.names)
            else:
                yield module


def sources() -> list[Path]:
    """Every module of the package, without migrations."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]


def module_of(path: Path) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def test_imports_point_one_way() -> None:
    """No module imports one of a later stage of a comment's path."""
    wrong = []
    for path in sources():
        module = module_of(path)
        if module == "livesell":
            continue
        for imported in imports(path):
            later = imported.startswith("livesell.") and stage_of(imported) > stage_of(module)
            # A dot would hide where an import points; adapters are found by file name, never imported by theirs.
            if (later and (module, imported) != TO_FILES) or imported.split(".")[0] in ("", "adapters", "overlays"):
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


def test_the_pure_stages_touch_no_clock_socket_or_database() -> None:
    """What reads and decides gets the time as an argument and asks nobody."""
    forbidden = {"socket", "asyncio", "aiohttp", "sqlalchemy", "time", "random", "threading"}
    pure = [
        *(PACKAGE / "ledger").glob("*.py"),
        PACKAGE / "text.py",
        *(PACKAGE / "desk").glob("*.py"),
        *(PACKAGE / "parser").glob("*.py"),
    ]
    for path in pure:
        if path.name == "learn.py":
            continue  # makes the weights that the parser reads; no comment passes through it
        found = {imported.split(".")[0] for imported in imports(path)} & forbidden
        assert not found, f"{path.name} imports {found}"


def test_the_core_names_no_platform() -> None:
    """A platform is one file in adapters/; the package's code does not know its name, not even in a comment."""
    name = re.compile(rf"(?<![a-z])({'|'.join(sorted(PLATFORMS))})(?![a-z])", re.IGNORECASE)
    found = [
        f"{path.name} line {number} names {match[1]}"
        for path in sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := name.search(line))
    ]
    assert found == []


def test_adapters_know_only_what_an_adapter_is() -> None:
    """An adapter imports livesell.adapter, livesell.model, livesell.errors and what adapters share, never another."""
    allowed = {"livesell.adapter", "livesell.model", "livesell.errors"}
    for path in ADAPTERS:
        for imported in imports(path):
            # With a dot: the package is `adapters` in a checkout and `livesell.adapters` in a wheel.
            ours = imported.split(".")[0] in ("livesell", "adapters", "")
            fits = imported in allowed or imported.startswith("._") or (path.stem, imported) == OTHERS_FRAMES
            assert not ours or fits, f"{path.name} imports {imported}"


def test_a_decode_half_is_read_at_one_sitting() -> None:
    """What decodes, beside the class that listens and its settings, has at most 250 lines in any adapter's file."""
    for path in ADAPTERS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        listens = [node for node in classes if {ast.unparse(base) for base in node.bases} & {"Adapter", "Settings"}]
        taken = sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in listens)
        assert len(path.read_text(encoding="utf-8").splitlines()) - taken <= 250, path.name


def test_module_names_say_what_is_in_them() -> None:
    """There is no drawer for odds and ends."""
    vague = {"util", "utils", "helper", "helpers", "base", "manager", "managers", "common", "misc"}
    found = [path for folder in (PACKAGE, ROOT / "adapters", ROOT / "tests") for path in folder.rglob("*.py")]
    assert [path.name for path in found if path.stem in vague] == []


def test_every_module_says_what_it_is_for() -> None:
    """Its first line is a sentence."""
    for path in (*sources(), *ADAPTERS):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert said or path.stat().st_size == 0, f"{path} has no docstring"
