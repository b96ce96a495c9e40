"""YouTube's chat in three shapes, decoded: the Data interface's items, its gRPC messages, and Innertube's actions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from livesell.adapter import Decoded, Frame, clean, read_time
from livesell.model import AuthorId, Comment, Deleted, Ended, MessageId, Platform, Role

from ._fields import ident, letters, payload, rows, since_1970, single_line, table, words
from ._youtube_messages import (
    CHAT_ENDED,
    DELETED,
    MILESTONE,
    RETRACTED,
    SUPER_CHAT,
    TEXT,
    TOMBSTONE,
    USER_BANNED,
    grpc_messages,
)

YOUTUBE = Platform("youtube")
ENDED = Ended("the live chat is over")
SPOKEN = {
    "textMessageEvent": ("textMessageDetails", "messageText"),
    "superChatEvent": ("superChatDetails", "userComment"),
    "memberMilestoneChatEvent": ("memberMilestoneChatDetails", "userComment"),
    "fanFundingEvent": ("fanFundingEventDetails", "userComment"),
}
"""The events that carry what a viewer typed, and where."""


def decoded(frame: Frame) -> Iterator[Decoded]:
    """What a frame of any of the three shapes contains."""
    if frame.data is not None and frame.data[:1] not in (b"{", b"["):
        yield from from_grpc(frame.data, frame.history)
        return
    body = payload(frame)
    if body is None and frame.text is not None and "ytInitialData" in frame.text:
        body = initial_data(frame.text)
    if not isinstance(body, dict):
        return
    if isinstance(body.get("response"), dict):
        body = body["response"]
    if "snippet" in body:
        yield from from_item(body, frame.history)
    for item in rows(body.get("items")):
        yield from from_item(item, frame.history)
    if isinstance(body.get("offlineAt"), str):
        yield ENDED
    yield from from_actions(body, frame.history)


WRITTEN = frozenset(f"liveChat{kind}Renderer" for kind in ("TextMessage", "PaidMessage", "MembershipItem"))
"""Innertube's items that a viewer writes; YouTube's own notes have a message too."""


# --- the Data interface ---------------------------------------------------------------------------------------------


def from_item(item: Mapping[str, Any], history: bool) -> Iterator[Decoded]:
    """One liveChatMessage resource."""
    snippet, author = table(item, "snippet"), table(item, "authorDetails")
    kind = words(snippet.get("type"))
    message = ident(item.get("id"))
    if kind in SPOKEN:
        part, key = SPOKEN[kind]
        text = words(table(snippet, part).get(key))
        if kind == "textMessageEvent" and not text:
            text = words(snippet.get("displayMessage"))
        who = ident(author.get("channelId")) or ident(snippet.get("authorChannelId"))
        role: Role = "seller" if author.get("isChatOwner") is True else "viewer"
        if role == "viewer" and author.get("isChatModerator") is True:
            role = "moderator"
        name = words(author.get("displayName"))
        yield from _comment(message, who, name, text, read_time(snippet.get("publishedAt")), history, role)
    elif kind == "messageDeletedEvent":
        yield from _deleted(table(snippet, "messageDeletedDetails").get("deletedMessageId"))
    elif kind == "messageRetractedEvent":
        yield from _deleted(table(snippet, "messageRetractedDetails").get("retractedMessageId"))
    elif kind == "tombstone":
        yield from _deleted(message)
    elif kind == "userBannedEvent":
        yield from _deleted(None, table(snippet, "userBannedDetails", "bannedUserDetails").get("channelId"))
    elif kind == "chatEndedEvent":
        yield ENDED


def _comment(
    message: str, who: str, name: str, text: str, sent_at: datetime | None, history: bool, role: Role
) -> Iterator[Comment]:
    if message and text.strip():
        author = AuthorId(who) if who else None
        named = name.strip() or "youtube user"
        yield Comment(YOUTUBE, MessageId(message), author, named, text, sent_at, history, role)


def _deleted(message: Any, author: Any = None) -> Iterator[Deleted]:
    one, who = ident(message), ident(author)
    if one:
        yield Deleted(YOUTUBE, ids=(MessageId(one),))
    elif who:
        yield Deleted(YOUTUBE, author_ids=(AuthorId(who),))


# --- gRPC -----------------------------------------------------------------------------------------------------------


def from_grpc(data: bytes, history: bool) -> Iterator[Decoded]:
    """One response of the stream; nothing for one that is cut off."""
    kinds = grpc_messages()
    try:
        response = kinds.Response.FromString(data)
    except kinds.DecodeError:
        return
    for item in response.items:
        yield from _grpc_item(item, history)
    if response.offline_at:
        yield ENDED


def _grpc_item(item: Any, history: bool) -> Iterator[Decoded]:
    snippet, author = item.snippet, item.author_details
    kind, message = snippet.type, ident(letters(item.id))
    if kind in (TEXT, SUPER_CHAT, MILESTONE):
        # What is displayed of the paid kinds begins with YouTube's own words; what was typed has a place of its own.
        typed = {TEXT: snippet.text_message_details.message_text or snippet.display_message}
        typed |= {SUPER_CHAT: snippet.super_chat_details.user_comment, MILESTONE: snippet.milestone.user_comment}
        text = letters(typed[kind])
        who = ident(letters(author.channel_id or snippet.author_channel_id))
        role: Role = "seller" if author.is_chat_owner else "moderator" if author.is_chat_moderator else "viewer"
        sent_at = read_time(letters(snippet.published_at))
        yield from _comment(message, who, letters(author.display_name), text, sent_at, history, role)
    elif kind == DELETED:
        yield from _deleted(letters(snippet.deleted_details.deleted_message_id))
    elif kind == RETRACTED:
        yield from _deleted(letters(snippet.retracted_details.retracted_message_id))
    elif kind == USER_BANNED:
        yield from _deleted(None, letters(snippet.banned_details.user.channel_id))
    elif kind == TOMBSTONE:
        yield from _deleted(message)
    elif kind == CHAT_ENDED:
        yield ENDED


# --- Innertube ------------------------------------------------------------------------------------------------------


def initial_data(page: str) -> dict[str, Any] | None:
    """The data that a page of youtube.com carries; None where the page has none, as those for robots."""
    return after(page, "ytInitialData")


def after(page: str, name: str) -> dict[str, Any] | None:
    """The JSON object that follows a name in a page's script."""
    start = 0
    while (start := page.find(name, start)) >= 0:
        start += len(name)
        brace = page.find("{", start, start + 20)
        if brace >= 0:
            try:
                value, _ = json.JSONDecoder().raw_decode(page, brace)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                return value
    return None


def from_actions(body: Mapping[str, Any], history: bool) -> Iterator[Decoded]:
    """The actions of a chat response, of a replay, or one by itself as downloaders keep them."""
    chat = table(body, "continuationContents", "liveChatContinuation")
    actions: Iterable[dict[str, Any]] = rows(chat.get("actions"))
    if not chat:
        actions = rows(body["actions"]) if isinstance(body.get("actions"), list) else [dict(body)]
    for action in actions:
        replayed = action.get("replayChatItemAction")
        if isinstance(replayed, dict):
            for inner in rows(replayed.get("actions")):
                yield from _action(inner, history)
        else:
            yield from _action(action, history)


def _action(action: Mapping[str, Any], history: bool) -> Iterator[Decoded]:
    # What was held for review is shown by taking its placeholder's place.
    for item in (table(action, "addChatItemAction", "item"), table(action, "replaceChatItemAction", "replacementItem")):
        for kind, renderer in item.items():
            if kind in WRITTEN:
                yield from _rendered(renderer, history)
    yield from _deleted(
        table(action, "markChatItemAsDeletedAction").get("targetItemId")
        or table(action, "removeChatItemAction").get("targetItemId"),
        table(action, "markChatItemsByAuthorAsDeletedAction").get("externalChannelId")
        or table(action, "removeChatItemByAuthorAction").get("externalChannelId"),
    )


def _rendered(renderer: Any, history: bool) -> Iterator[Comment]:
    message = ident(table(renderer).get("id"))
    text = _runs(table(renderer, "message"))
    if not message or not text:
        return
    role: Role = "viewer"
    for badge in rows(renderer.get("authorBadges")):
        icon = table(badge, "liveChatAuthorBadgeRenderer", "icon").get("iconType")
        role = "seller" if icon == "OWNER" else "moderator" if icon == "MODERATOR" and role == "viewer" else role
    who = ident(renderer.get("authorExternalChannelId"))
    name = words(table(renderer, "authorName").get("simpleText"))
    yield from _comment(message, who, name, text, since_1970(renderer.get("timestampUsec"), 1_000_000), history, role)


def _runs(message: Mapping[str, Any]) -> str:
    """The text of a message: a channel's own emoji are left out, unless there is nothing else."""
    if not isinstance(message.get("runs"), list):
        return words(message.get("simpleText"))
    said, shown = "", ""
    for run in rows(message["runs"]):
        emoji = table(run, "emoji")
        shortcuts = emoji.get("shortcuts")
        name = words(shortcuts[0]) if isinstance(shortcuts, list) and shortcuts else words(emoji.get("emojiId"))
        if emoji and emoji.get("isCustomEmoji") is True:
            said, shown = said + " ", shown + f" {name} "
        else:
            part = words(run.get("text")) or words(emoji.get("emojiId"))
            said, shown = said + part, shown + part
    return said if said == shown else clean(single_line(said) or single_line(shown))
