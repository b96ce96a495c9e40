"""Spotting: which tokens of a comment are products, options, quantities, prices and words of the lexicon.

Order matters: phones go first so that no digit of theirs is read again, then codes, whole names, plain numbers as
codes, options of what is named, parts of names, other options, prices, and what is left may be a quantity.
"""

from __future__ import annotations

from livesell.catalog.index import Index
from livesell.lexicon import Lexicon
from livesell.model import Code
from livesell.parser.codes import codes, numeric_codes
from livesell.parser.counts import quantities
from livesell.parser.figures import phones, places, prices
from livesell.parser.names import names, spaced_spans, spaceless_spans
from livesell.parser.options import options
from livesell.parser.view import View
from livesell.text import tokenise


def see(text: str, index: Index, lexicon: Lexicon, country: str, pinned: Code | None) -> View:
    """Everything in a comment, by place."""
    tokens = tokenise(text)
    sizes = frozenset(
        token.plain
        for token in tokens
        if len(token.plain) == 1 and any(len(value.plain) == 1 for value in index.values.get(token.plain, ()))
    )
    view = View(tokens, list(lexicon.spot(tokens)), text, sizes)
    for at, token in enumerate(tokens):
        if not token.plain.isascii() and token.kind == "word":
            letters = lexicon.spelt(token.plain)
            if letters:
                view.spelt[at] = letters
    phones(view, text, country)
    codes(view, index, pinned)
    spans = [*spaced_spans(view, index, pinned), *spaceless_spans(view, index)]
    names(view, [span for span in spans if span.strong], pinned)
    places(view)
    numeric_codes(view, index, pinned)
    options(view, index, pinned, sure=True)
    names(view, [span for span in spans if not span.strong], pinned)
    options(view, index, pinned, sure=False)
    prices(view)
    quantities(view)
    view.spots.sort(key=lambda spot: spot.start)
    decide_by_options(view)
    return view


def decide_by_options(view: View) -> None:
    """Where a name could be several products, the only one that has the options said beside it."""
    for place, spot in enumerate(view.spots):
        if spot.kind != "which":
            continue
        for option in view.spots[place + 1 :]:
            if option.kind != "option":
                break
            able = tuple(code for code in spot.codes if any(value.code == code for value in option.values))
            if len(able) == 1:
                spot.kind, spot.codes = "product", able
                break
