"""From typed text to tokens: one view of every script's letters, digits and marks, with offsets into what was typed.

A token is a run of letters with their marks, a run of digits, or a single sign. Scripts that write without spaces
(Thai, Lao, Khmer, Burmese, Han, kana) give one token a letter, so that all scripts share one engine. Every token has
two forms: `text`, lower case as typed, and `plain`, without what people leave out when they type in a hurry.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from livesell.model import READ_LIMIT, Struct

Kind = Literal["word", "number", "sign"]


class Token(Struct, frozen=True):
    """A piece of a comment.

    `start` and `end` are offsets into the typed text, `glued` means that no space stands before it. Of a number, `text`
    has ASCII digits with the dots and commas that were typed between them.
    """

    text: str
    plain: str
    kind: Kind
    start: int
    end: int
    glued: bool


SPACELESS = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # kana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)
FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75"}
SIGNS = {
    "×": "x",
    "✕": "x",
    "✖": "x",
    "⨉": "x",
    "＊": "*",
    "➕": "+",
    "﹢": "+",
    "，": ",",
    "、": ",",
    "。": ".",
    "؟": "?",
}


@lru_cache(maxsize=4096)
def _class(letter: str) -> str:
    """l: letter, c: a letter that is a token by itself, d: digit, m: mark, i: invisible, s: space, o: other."""
    category = unicodedata.category(letter)
    if category[0] == "L":
        point = ord(letter)
        return "c" if any(first <= point <= last for first, last in SPACELESS) else "l"
    if category == "Nd":
        return "d"
    if category[0] == "M":
        return "m"
    if category[0] == "Z" or letter in "\t\r\n\v\f":
        return "s"
    if category in ("Cf", "Cc", "Cs", "Cn", "Co"):
        return "i"
    return "o"


def stands_alone(letter: str) -> bool:
    """True for a letter of a script that writes no spaces."""
    return _class(letter) == "c"


def tokenise(text: str) -> list[Token]:
    """The tokens of a text, of its first 1,000 characters; any string will do."""
    return list(_tokens(text[:READ_LIMIT]))


def _tokens(text: str) -> Iterator[Token]:
    position, size = 0, len(text)
    glued = False
    while position < size:
        letter = text[position]
        kind = _class(letter)
        start = position
        if kind in "si":
            position += 1
            glued = glued and kind == "i"
            continue
        if letter in FRACTIONS:
            position += 1
            yield Token(FRACTIONS[letter], FRACTIONS[letter], "number", start, position, glued)
        elif kind == "d":
            position, digits = _digits(text, position)
            yield Token(digits, digits, "number", start, position, glued)
        elif kind in "lc":
            position = _word(text, position, kind)
            raw = text[start:position]
            yield from _word_token(raw, start, position, glued)
        elif kind == "m":
            position += 1  # a mark on nothing
            continue
        else:
            position += 1
            while position < size and _class(text[position]) in "mi":
                position += 1
            sign = SIGNS.get(letter) or unicodedata.normalize("NFKC", letter)
            yield Token(sign[:1], sign[:1], "sign", start, position, glued)
        glued = True


def _digits(text: str, position: int) -> tuple[int, str]:
    """A run of digits of any script, with single dots and commas between digits."""
    found: list[str] = []
    size = len(text)
    while position < size:
        letter = text[position]
        kind = _class(letter)
        if kind == "d":
            found.append(str(unicodedata.decimal(letter)))
        elif kind in "mi":
            pass  # keycaps and invisible characters
        elif letter in ".,٫" and found and position + 1 < size and _class(text[position + 1]) == "d":
            found.append("." if letter != "," else ",")
        else:
            break
        position += 1
    return position, "".join(found)


def _word(text: str, position: int, kind: str) -> int:
    """The end of a word: letters and marks, or one letter of a script without spaces with its marks."""
    size = len(text)
    position += 1
    while position < size:
        following = _class(text[position])
        if following in "mi" or (kind == "l" and (following == "l" or _apostrophe(text, position))):
            position += 1
        else:
            break
    return position


def _apostrophe(text: str, position: int) -> bool:
    return text[position] in "'’" and position + 1 < len(text) and _class(text[position + 1]) == "l"


def _word_token(raw: str, start: int, end: int, glued: bool) -> Iterator[Token]:
    folded = fold(raw)
    if folded:
        yield Token(folded, plain(folded), "word", start, end, glued)


@lru_cache(maxsize=16_384)
def fold(raw: str) -> str:
    """Letters in lower case, compatibility forms and invisible characters gone, stretched letters shortened."""
    if raw.isascii():
        return squeeze(raw.lower())
    kept = "".join(letter for letter in unicodedata.normalize("NFKC", raw) if _class(letter) != "i")
    return squeeze(unicodedata.normalize("NFC", kept.lower().replace("’", "'")))


def squeeze(word: str) -> str:
    """A word in which no letter stands more than twice in a row: "nhaaaa" is "nhaa"."""
    if len(word) < 3:
        return word
    kept = [word[0], word[1]]
    for letter in word[2:]:
        if not (letter == kept[-1] == kept[-2]):
            kept.append(letter)
    return "".join(kept)


@lru_cache(maxsize=16_384)
def plain(word: str) -> str:
    """A folded word without Latin marks, Indic dots and length marks, and doubled last letters."""
    if not word.isascii():
        word = "".join(PLAIN.get(letter, letter) for letter in unicodedata.normalize("NFD", word))
        word = unicodedata.normalize("NFC", "".join(letter for letter in word if letter not in DROPPED))
    if len(word) > 3 and word[-1] == word[-2] and word[-1] in "aeiouyh":
        word = word[:-1]
    return word


PLAIN = {"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ı": "i", "ß": "ss", "æ": "ae", "ñ": "n"}
SIMPLE = (
    "红绿蓝黄浅长宽裤裙袜鞋围帽针织线绒绸缎纱丝钻银铁铝镜链环饰戒项圈发夹单双条张个只罐装盒组对几两钱买卖订单货这还吗么们"
    "来给谢请问种类东鸡鸭鹅鱼虾蟹鲜猪腊肠饼干糖盐酱醋调味辣汤面粉饮药茶叶苹莲龙凤乌榄枣栗无线电灯脑机车轮换颜级绵衬"
    "衫领纽扣码圆扁细贴纸笔书图画册儿婴亲爱岁号满宝贝净洁护肤润爽湿热凉冻烘烤炖补气养颗"
)
TRADITIONAL = (
    "紅綠藍黃淺長寬褲裙襪鞋圍帽針織線絨綢緞紗絲鑽銀鐵鋁鏡鏈環飾戒項圈髮夾單雙條張個隻罐裝盒組對幾兩錢買賣訂單貨這還嗎麼們"
    "來給謝請問種類東雞鴨鵝魚蝦蟹鮮豬臘腸餅乾糖鹽醬醋調味辣湯麵粉飲藥茶葉蘋蓮龍鳳烏欖棗栗無線電燈腦機車輪換顏級綿襯"
    "衫領紐扣碼圓扁細貼紙筆書圖畫冊兒嬰親愛歲號滿寶貝淨潔護膚潤爽濕熱涼凍烘烤燉補氣養顆"
)
"""Letters written in two ways, place by place; the simplified ones are read as the traditional ones."""
PLAIN.update((one, other) for one, other in zip(SIMPLE, TRADITIONAL, strict=True) if one != other)
DROPPED = frozenset(
    [chr(point) for point in range(0x0300, 0x0370)]  # marks on Latin letters
    + ["\u093c", "\u09bc", "'"]  # nukta, which is left out or kept at random
)


def marked(token: Token) -> bool:
    """True where the viewer typed marks that `plain` leaves out: then only a word with the same marks is meant."""
    return token.text != token.plain and not token.text.isascii() and token.text not in PLAIN
