"""What decoding costs, against the parsers of the libraries that most programs use, on the same chunks of 50 messages.

python -m benchmarks.decode [ROUNDS]

Both libraries are in requirements-dev.lock; one that is not installed is left out, said in a line.
The two sides take turns within a round; printed is the median of the rounds.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from livesell import registry
from livesell.adapter import Decoded, Frame

CHUNK, REPEATS = 50, 20
TEXTS = (
    "chốt A1 2 gói",
    "A2 +1 nha shop ơi",
    "còn trà không ạ",
    "mine A3 LeafyHi",
    "A5 nửa ký, giao về Tả Van giúp em nhé",
)


def irc_lines() -> list[str]:
    """Fifty PRIVMSG as Twitch sends them, some with emotes and badges."""
    lines = []
    for number in range(CHUNK):
        text = TEXTS[number % len(TEXTS)]
        emotes = "555:8-14" if "LeafyHi" in text else ""
        badges = "subscriber/12,premium/1" if number % 3 == 0 else ""
        lines.append(
            f"@badge-info=subscriber/14;badges={badges};client-nonce=459e3142897c7a22b7d275178f2259e0;color=#0000FF;"
            f"display-name=Mai{number};emotes={emotes};first-msg=0;flags=;id=885196de-cb67-427a-baa8-{number:012d};mod=0;"
            f"returning-chatter=0;room-id=7001;subscriber=1;tmi-sent-ts={1795377600000 + number};turbo=0;"
            f"user-id={90010000 + number};user-type= :mai{number}!mai{number}@mai{number}.tmi.twitch.tv "
            f"PRIVMSG #thaomoc :{text}"
        )
    return lines


def spent(work: Callable[[], Any]) -> float:
    """Seconds a message that some work on the chunk takes."""
    begin = time.perf_counter()
    for _ in range(REPEATS):
        work()
    return (time.perf_counter() - begin) / REPEATS / CHUNK


def all_of(items: Iterable[Decoded]) -> int:
    """How many things were decoded, all of them made."""
    return sum(1 for _ in items)


def against_twitch_api() -> tuple[Callable[[], Any], Callable[[], Any]] | None:
    """Ours and twitchAPI's way from one WebSocket message to fifty parsed ones."""
    try:
        Chat = importlib.import_module("twitchAPI.chat").Chat  # noqa: N806 - a class
    except ImportError:
        return None
    theirs = Chat.__new__(Chat)
    theirs._prefix, theirs._channel_command_prefix = "!", {}
    whole = "".join(line + "\r\n" for line in irc_lines())
    decode, frame = registry.adapter("twitch").decode, Frame(text=whole)
    assert all_of(decode(frame)) == CHUNK

    def parse_all() -> None:
        for line in whole.split("\r\n"):
            if line:
                theirs._parse_irc_message(line)

    return (lambda: all_of(decode(frame))), parse_all


def against_tiktok_live() -> tuple[Callable[[], Any], Callable[[], Any]] | None:
    """Ours and TikTokLive's way from one push frame off the wire to fifty comments."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from TikTokLive.client.ws.ws_utils import extract_webcast_response_message
            from TikTokLive.events.proto_events import EVENT_MAPPINGS
            from TikTokLive.proto import WebcastPushFrame
    except ImportError:
        return None
    from tests.fakes.tiktok import chat, push

    data = push(*(chat(number, TEXTS[number % len(TEXTS)], user=90010000 + number) for number in range(CHUNK)))
    decode, frame = registry.adapter("tiktok").decode, Frame(data=data)
    assert all_of(decode(frame)) == CHUNK

    def parse_all() -> None:
        result = extract_webcast_response_message(WebcastPushFrame().parse(data))
        for message in result.messages:
            event = EVENT_MAPPINGS[message.method]().parse(message.payload)
            assert event.comment and event.user.nickname

    return (lambda: all_of(decode(frame))), parse_all


def main(rounds: int) -> None:
    """Print, for each library, both costs a message and how many times ours is faster."""
    print(f"chunks of {CHUNK} messages, {rounds} rounds, microseconds a message")
    for name, pair in (("twitchAPI, IRC", against_twitch_api()), ("TikTokLive, webcast", against_tiktok_live())):
        if pair is None:
            print(f"{name:22} left out: the library is not installed")
            continue
        ours, theirs = pair
        spent(ours), spent(theirs)
        times = [(spent(ours), spent(theirs)) for _ in range(rounds)]
        mine, other = (statistics.median(side) * 1e6 for side in zip(*times, strict=True))
        ratio = statistics.median(theirs / ours for ours, theirs in times)
        print(f"{name:22} {mine:8.2f} here {other:9.2f} there   {ratio:6.1f} times faster")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
