"""The name of an order for ever in the shop: a fixed shuffle of the shop-wide count."""

from __future__ import annotations

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L and O, which are misread aloud and on labels."""

# A multiplier that shares no factor with 31 makes count -> code one to one within each length; the values only have
# to look unordered, and must never change: labels on parcels carry them.
SHUFFLE = {3: (11_939, 17_341), 4: (363_767, 512_009), 5: (11_327_069, 8_150_021)}


def order_code(count: int) -> str:
    """The code of the shop's order number `count` (from 1): 3 letters for 29,791 orders, then 4, then 5.

    ValueError beyond the 29,582,463 that five letters can name.
    """
    rest = count - 1
    for length, (factor, shift) in SHUFFLE.items():
        size = len(ALPHABET) ** length
        if 0 <= rest < size:
            value = (rest * factor + shift) % size
            letters = []
            for _ in range(length):
                value, digit = divmod(value, len(ALPHABET))
                letters.append(ALPHABET[digit])
            return "".join(reversed(letters))
        rest -= size
    raise ValueError(f"no code for order {count}")
