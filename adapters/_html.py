"""HTML of strangers as plain text: tags go, pictures become their alternative text, scripts leave nothing."""

from __future__ import annotations

from html.parser import HTMLParser

from ._fields import single_line

LONGEST = 20_000
UNSEEN = frozenset(["script", "style", "template", "title", "noscript", "iframe", "textarea", "xmp"])
BREAKS = frozenset(["br", "p", "div", "li", "tr"])


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen:
            return
        if tag in UNSEEN:
            self._unseen = tag
        elif tag in BREAKS:
            self.parts.append(" ")
        elif tag == "img":
            self.parts.append(next((value for name, value in attrs if name == "alt" and value), " "))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def plain(html: str) -> str:
    """The text that a reader of the HTML would see, on one line."""
    html = html[:LONGEST]
    if "<" not in html and "&" not in html:
        return single_line(html)
    parser = _Text()
    parser.feed(html)
    parser.close()
    return single_line("".join(parser.parts))
