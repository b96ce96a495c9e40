"""What the preview page plays to an overlay: invented buyers, named as the server puts them on air, and goods."""

from __future__ import annotations

from typing import Any

from livesell.onair import MODES, on_air

NAMES = (
    "Nguyễn Thị Ấm",
    "Hoàng Văn Phúc",
    "শ্রীমতী চৌধুরী",
    "陳淑芬",
    "ศิริพร น้ำผึ้ง",
    "Lò Thị Mẩy",
    "Đặng Thuỵ Trâm",
    "Rahim Uddin",
)
LONG = (
    "Công Tằng Tôn Nữ Hoàng Phương Thảo Nguyên",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "মোহাম্মদ আব্দুল্লাহ আল মামুন চৌধুরী শান্ত",
    "ณัฐธนพงศ์ วรรณวิจิตรกุลชัย ณ อยุธยา",
    "🌸🌺 Hương Giang 🌸🌺 👩‍👩‍👧‍👦 shop quần áo",
    "W" * 60,
)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "Gọi em 0901 234 678 nhé",
    "www.example.com @someone",
    "\u202eđảo ngược",
    "Z̷̢̛̫̟͚̦̩͎ạ̸̛̣̰̼l̴̨̬̺͉̰g̵̢̛̖̫̣o̶̡̟̪͔",
    "\u200b\u200b",
    "{{7*7}} ${x}",
)
GOODS = (
    ("A12", "Trà shan tuyết", "gói", "120000", 7, 2, ""),
    ("B3", "Mật ong bạc hà", "chai", "250000", 3, 1, ""),
    ("C7", "Áo chàm thêu tay, cổ tròn, cúc bạc", "cái", "480000", 0, 1, "M"),
    ("A1", "Giảo cổ lam", "kg", "90000", None, 0.5, ""),
)


def samples(currency: str) -> dict[str, Any]:
    """Buyers by kind (`names`, `long`, `hostile`), each with her name in every mode, and products."""
    kinds = {"names": NAMES, "long": LONG, "hostile": HOSTILE}
    return {
        **{kind: [_buyer(name, number) for number, name in enumerate(names)] for kind, names in kinds.items()},
        "products": [
            {"code": code, "name": name, "price": price, "currency": currency, "unit": unit, "left": left}
            for code, name, unit, price, left, _, _ in GOODS
        ],
    }


def _buyer(name: str, number: int) -> dict[str, Any]:
    code, goods, unit, _, _, quantity, options = GOODS[number % len(GOODS)]
    item = {"code": code, "name": goods, "unit": unit, "options": options, "quantity": quantity}
    # The number of an order is put in where it is played; the stand-in of a name is that number.
    return {"names": {mode: on_air(name, mode, "#{n}") for mode in MODES}, "items": [item]}
