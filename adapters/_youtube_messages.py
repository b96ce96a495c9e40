"""YouTube's gRPC messages: the fields that matter of those that matter, by their numbers on the wire."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

from ._protobuf import Fields, build, decode_error

MESSAGES: dict[str, Fields] = {
    "Request": {"live_chat_id": (1, "string"), "page_token": (99, "string"), "part": (100, "*string")},
    "Response": {"offline_at": (2, "bytes"), "next_page_token": (100602, "bytes"), "items": (1007, "*Item")},
    "Item": {"id": (101, "bytes"), "snippet": (2, "Snippet"), "author_details": (3, "Author")},
    "Author": {
        "channel_id": (10101, "bytes"),
        "display_name": (103, "bytes"),
        "is_chat_owner": (5, "bool"),
        "is_chat_moderator": (7, "bool"),
    },
    "Snippet": {
        "type": (1, "int32"),
        "author_channel_id": (301, "bytes"),
        "published_at": (4, "bytes"),
        "display_message": (16, "bytes"),
        "text_message_details": (19, "Text"),
        "deleted_details": (20, "Removed"),
        "retracted_details": (21, "Withdrawn"),
        "banned_details": (22, "Banned"),
        "super_chat_details": (27, "SuperChat"),
        "milestone": (30, "Milestone"),
    },
    "Text": {"message_text": (1, "bytes")},
    "Removed": {"deleted_message_id": (101, "bytes")},
    "Withdrawn": {"retracted_message_id": (201, "bytes")},
    "Banned": {"user": (1, "Profile")},
    "Profile": {"channel_id": (101, "bytes")},
    "SuperChat": {"user_comment": (4, "bytes")},
    "Milestone": {"user_comment": (3, "bytes")},
}
TEXT, TOMBSTONE, CHAT_ENDED, DELETED, RETRACTED, USER_BANNED, SUPER_CHAT, MILESTONE = 1, 2, 4, 8, 9, 10, 15, 17


@cache
def grpc_messages() -> SimpleNamespace:
    """The message classes of the stream, made once; AdapterError where protobuf is not installed."""
    return SimpleNamespace(**build("livesell.youtube", MESSAGES, "youtube-grpc"), DecodeError=decode_error())
