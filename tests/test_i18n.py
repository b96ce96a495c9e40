"""Words of the pages: each key stands in every language, each is used, and scripts write values as the server does."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes
from playwright.async_api import Page, Route, async_playwright

from livesell import bundle, commands, errors, model
from livesell.i18n import Text, Words, languages, words

WEB = bundle.PACKAGE / "web"
SCRIPTS = sorted((WEB / "static").glob("*.js"))
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
PYTHON = sorted(WEB.glob("*.py"))
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in [*SCRIPTS, *TEMPLATES, *PYTHON])
KEYS = set(words("en"))
READERS = ("vi", "en", "bn", "bn-latn")


def strings(folder: str, call: str, position: int) -> set[str]:
    """The texts that stand at a place of the calls of a name, in the Python files of a folder."""
    found = set()
    for path in (bundle.PACKAGE / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name == call and isinstance(node, ast.Call) and len(node.args) > position:
                found |= {
                    one.value
                    for one in ast.walk(node.args[position])
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


def tags() -> set[str]:
    """The types of all commands."""
    return {str(kind.__struct_config__.tag) for kind in commands.Command.__subclasses__()}


def codes(error: type[errors.StoreError]) -> set[str]:
    """The codes of an error and of all that are kinds of it."""
    return {error.code}.union(*(codes(kind) for kind in error.__subclasses__()))


# Keys that are put together: what stands before, all that can follow, and whether each must be there (else another
# sentence stands in).
FAMILIES: dict[str, tuple[set[str], bool]] = {
    "status.": (set(get_args(model.Status)), True),
    "intent.": (set(get_args(model.Intent)), True),
    "src.": (set(get_args(get_type_hints(commands.SourceIs)["state"])), True),
    "why.": (strings("parser", "Why", 0), True),
    "err.db_": (codes(errors.StoreError), True),
    "set.theme_": ({"auto", "light", "dark"}, True),
    "print.": ({"a6", "a7", "roll58", "roll80"}, True),
    "ask.": (strings("desk", "unclear", 1) | {"no_product", "closed_product", "error", "nothing_to_cancel"}, False),
    "refused.": (strings("desk", "Refused", 0) | strings("desk", "Conflict", 0), False),
    "act.": (tags(), False),
    "obs.": ({code.removeprefix("obs_") for code in strings(".", "ObsRefused", 0)} | {"failed"}, True),
}
NOT_WORDS = {"typed.", "messaged.", "livesell.", "theme.", "options."}
"""What else is put together that way: names of what a browser keeps, of files and of fields."""


def used() -> set[str]:
    """Every key that is written out somewhere, or can be put together."""
    written = set(re.findall(r"""["'`]([a-z]+(?:\.[a-z_0-9]+)?)["'`]""", SOURCES)) & KEYS
    return written | {
        key for start, (rest, _) in FAMILIES.items() for key in (start + one for one in rest) if key in KEYS
    }


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_key(language: str) -> None:
    """No key is missing, empty, doubled or marked as doubtful, and none is there that English has not."""
    with (bundle.LANGUAGE_FOLDER / language / "ui.po").open("rb") as file:
        text = file.read().decode("utf-8")
        file.seek(0)
        catalog = read_po(file, locale=language)
    found = [message.id if isinstance(message.id, str) else message.id[0] for message in catalog if message.id]
    assert set(found) == KEYS
    assert len(re.findall(r"(?m)^msgid ", text)) == len(KEYS) + 1  # and the head of the file
    for message in catalog:
        if message.id:
            forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
            assert all(str(form).strip() for form in forms), message.id
            assert not message.fuzzy, message.id


def test_every_key_in_use_is_there() -> None:
    """What templates and scripts ask for by its full name has a sentence."""
    asked = set(re.findall(r"""\b(?:word|phrase|words|_)\(\s*["']([a-z_]+(?:\.[a-z_0-9]+)?)["']\s*[,)]""", SOURCES))
    families = {key.split(".")[0] for key in KEYS if "." in key} - {"print"}
    # Also what is chosen between or listed first: any text that looks like a key of a family.
    asked |= {
        one
        for one in re.findall(r"""["'`]([a-z]+\.[a-z_0-9]+)["'`]""", SOURCES)
        if one.split(".")[0] in families and not one.endswith((".js", ".css", ".html"))
    }
    assert asked
    assert asked - KEYS == set()


def test_keys_that_are_put_together_are_there() -> None:
    """Each family that is put together is known here, and whatever can follow has a sentence, or one that stands in."""
    starts = set(re.findall(r"""[`"']([a-z]+\.[a-z_]*)(?:\$\{|["']\s*[+~])""", SOURCES))
    assert starts - NOT_WORDS == set(FAMILIES)
    for start, (rest, complete) in FAMILIES.items():
        assert rest, start
        if complete:
            assert {start + one for one in rest} <= KEYS, start
    assert {"ask.doubtful", "refused.other"} <= KEYS


def test_no_key_is_left_over() -> None:
    """A sentence that no page shows is not kept."""
    assert sorted(KEYS - used()) == []


@pytest.mark.parametrize("page", ["control", "review"])
def test_a_page_brings_the_words_that_its_scripts_use(page: str) -> None:
    """The families of words that a page hands to its scripts are those that they ask for."""
    template = (WEB / "templates" / f"{page}.html").read_text(encoding="utf-8")
    brought = set(re.findall(r"'([a-z]+)'", template.split("| tojson")[0].rpartition("{{ data(")[2]))
    modules, more = set(), {page}
    while more:
        modules |= more
        texts = {name: (WEB / "static" / f"{name}.js").read_text(encoding="utf-8") for name in modules}
        more = {one for text in texts.values() for one in re.findall(r'from "\./([a-z]+)\.js"', text)} - modules
    whole = "\n".join(texts.values())
    asked = set(re.findall(r"""["'`]([a-z]+(?:\.[a-z_0-9]+)?)["'`]""", whole)) & KEYS
    asked |= {start for start in FAMILIES if f"`{start}${{" in whole}
    assert {key.split(".")[0] for key in asked} <= brought
    assert brought <= {key.split(".")[0] for key in KEYS}


# --- what is put in -------------------------------------------------------------------------------------------------


def holes(text: Text) -> set[str]:
    """The names in braces of a sentence; each of its forms has the same, but that for one may leave out the number."""
    forms = (text,) if isinstance(text, str) else text
    sets = [{name for _, name, _, _ in string.Formatter().parse(form) if name is not None} for form in forms]
    assert all(one | {"n"} == sets[-1] | {"n"} for one in sets), text
    return sets[-1]


@pytest.mark.parametrize("language", languages())
def test_the_same_is_put_in_everywhere(language: str) -> None:
    """A sentence takes the same data in every language."""
    assert {key: holes(text) for key, text in words(language).items()} == {
        key: holes(text) for key, text in words("en").items()
    }


def calls_of_templates() -> Iterator[tuple[str, str, set[str]]]:
    """Every sentence that a template asks for: the template, the key, and the names of the data that it gives.

    An overlay is left out: its template hands sentences to a script as they are, which fills them in.
    """
    environment = Environment(autoescape=True)
    for path in (path for path in TEMPLATES if path.name != "overlay.html"):
        for call in environment.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_" and isinstance(call.args[0], nodes.Const):
                yield path.name, call.args[0].value, {one.key for one in call.kwargs}


def calls_of_scripts() -> Iterator[tuple[str, str, set[str]]]:
    """Every sentence that a script asks for by its full name, with the names of the data that it gives."""
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"""\b(?:word|phrase)\("([a-z_.]+)"(\)|, \{)""", text):
            yield path.name, found[1], names_of(text[found.end() :]) if found[2] != ")" else set()


def names_of(text: str) -> set[str]:
    """The names at the top of an object that is written out, up to its closing brace."""
    depth, place, names, name = 0, "name", set(), ""
    for character in text:
        if character in "({[":
            depth += 1
        elif character in ")}]":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and character in ",:":
            if place == "name":
                names.add(name.strip())
            place, name = ("value" if character == ":" else "name"), ""
            continue
        name += character
    if place == "name":
        names.add(name.strip())
    return names - {""}


def test_what_a_sentence_needs_is_given() -> None:
    """No page shows braces: whoever asks for a sentence gives all that it takes."""
    calls = [*calls_of_templates(), *calls_of_scripts()]
    assert {key for _, key, _ in calls} > {"act.confirm", "show.orders", "rev.use_found", "setup.alike"}
    assert [(where, key) for where, key, given in calls if not holes(words("en")[key]) <= given] == []


# --- one value, one writing -----------------------------------------------------------------------------------------

NUMBERS = (0, 1, 2, 0.5, 1.25, 0.125, 10, 999, 1000, 1234.5, 99999, 123456, 1234567, 12345678.375)
AMOUNTS = ("0", "1", "90000", "5640000", "123456789", "12.50", "0.05", "1234567.89", "-250000", "-0.5")
MOMENTS = tuple(
    datetime(2026, month, day, hour, minute, tzinfo=UTC)
    for month, day, hour, minute in ((1, 1, 0, 0), (3, 29, 1, 30), (11, 22, 13, 5), (12, 31, 17, 0), (12, 31, 18, 30))
)


@pytest.fixture
async def blank(chromium: str) -> AsyncIterator[Page]:
    """A page that has nothing but the script of words."""
    script = (WEB / "static" / "page.js").read_text(encoding="utf-8")

    async def answer(route: Route) -> None:
        if "/page.js" in route.request.url:
            await route.fulfill(content_type="text/javascript; charset=utf-8", body=script)
        else:
            await route.fulfill(content_type="text/html; charset=utf-8", body=SHELL)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page()
        await page.route("**/*", answer)
        yield page
        await browser.close()


SHELL = "<!doctype html><meta charset=utf-8><body data-icons=''><script type=application/json id=data></script>"
READ = """async ([data, numbers, amounts, moments, sentences]) => {
  document.getElementById("data").textContent = JSON.stringify(data);
  const { quantity, money, time, date, word } = await import(`/page.js?${Math.random()}`);
  return { numbers: numbers.map(quantity), amounts: amounts.map(money), times: moments.map(time),
    dates: moments.map(date), sentences: sentences.map(([key, values]) => word(key, values)) };
}"""


@pytest.mark.browser
async def test_the_browser_writes_values_as_the_server_does(blank: Page) -> None:
    """Numbers, money, times, dates and every sentence are the same in Python and in a page, for each reader."""
    await blank.goto("http://words.test/")
    for reader in READERS:
        for currency, zone in (("VND", "Asia/Ho_Chi_Minh"), ("BDT", "Asia/Dhaka"), ("USD", "America/New_York")):
            mine = Words(reader, currency, zone)
            sentences = [(key, data) for key in sorted(KEYS) for data in fillings(mine.table[key])]
            page = {"language": mine.language, "words": dict(mine.table), "formats": mine.formats()}
            moments = [moment.isoformat() for moment in MOMENTS]
            theirs: dict[str, Any] = await blank.evaluate(READ, [page, NUMBERS, AMOUNTS, moments, sentences])
            assert theirs == {
                "numbers": [mine.quantity(number) for number in NUMBERS],
                "amounts": [mine.money(amount) for amount in AMOUNTS],
                "times": [mine.time(moment) for moment in MOMENTS],
                "dates": [mine.date(moment) for moment in MOMENTS],
                "sentences": [mine(key, **data) for key, data in sentences],
            }, (reader, currency)


def fillings(text: Text) -> list[dict[str, Any]]:
    """Data for a sentence: some names, and several numbers where it counts."""
    names = holes(text) | ({"n"} if isinstance(text, tuple) else set())
    filled: dict[str, Any] = dict.fromkeys(names, "Lò Thị Mẩy")
    return [filled | {"n": number} for number in (0, 1, 2, 1.5, 21, 1234)] if "n" in names else [filled]


@pytest.mark.parametrize(
    ("reader", "currency", "written"),
    [
        ("vi", "VND", "5.640.000 ₫"),
        ("en", "VND", "₫5,640,000"),
        ("bn", "BDT", "৫৬,৪০,০০০৳"),
        ("bn-latn", "BDT", "56,40,000৳"),
        ("en", "USD", "$5,640,000"),
        ("vi", "USD", "5.640.000 US$"),
    ],
)
def test_money_is_written_as_its_reader_writes_it(reader: str, currency: str, written: str) -> None:
    """Separators, groups, digits and the place of the sign are those of the language."""
    assert Words(reader, currency, "UTC").money("5640000").replace("\u00a0", " ") == written


def test_a_language_that_is_not_there_is_english() -> None:
    """A page is never without words."""
    assert Words("xx", "VND", "UTC").language == "en"
    assert Words("xx-latn", "VND", "UTC")("nav.orders") == Words("en", "VND", "UTC")("nav.orders")
    assert json.dumps(Words("vi", "VND", "UTC").formats())
