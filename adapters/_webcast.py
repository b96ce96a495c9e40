"""TikTok's webcast messages: the fields that matter of those that matter, by their numbers on the wire."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

from ._protobuf import Fields, build, decode_error

MESSAGES: dict[str, Fields] = {
    "Header": {"key": (1, "bytes"), "value": (2, "bytes")},
    "PushFrame": {
        "seq_id": (1, "uint64"),
        "log_id": (2, "uint64"),
        "headers": (5, "*Header"),
        "payload_encoding": (6, "bytes"),
        "payload_type": (7, "bytes"),
        "payload": (8, "bytes"),
    },
    "Parameter": {"key": (1, "bytes"), "value": (2, "bytes")},
    "FetchResult": {
        "messages": (1, "*Message"),
        "cursor": (2, "bytes"),
        "internal_ext": (5, "bytes"),
        "route_params": (7, "*Parameter"),
        "need_ack": (9, "bool"),
        "push_server": (10, "bytes"),
        "is_first": (11, "bool"),
    },
    "Message": {
        "method": (1, "bytes"),
        "payload": (2, "bytes"),
        "msg_id": (3, "int64"),
        "is_history": (6, "bool"),
    },
    "Common": {"method": (1, "bytes"), "msg_id": (2, "int64"), "room_id": (3, "int64"), "create_time": (4, "int64")},
    "User": {"id": (1, "int64"), "nickname": (3, "bytes"), "display_id": (38, "bytes")},
    "Identity": {"is_moderator": (5, "bool"), "is_anchor": (6, "bool")},
    "Chat": {"common": (1, "Common"), "user": (2, "User"), "content": (3, "bytes"), "user_identity": (18, "Identity")},
    "Control": {"common": (1, "Common"), "action": (2, "int64")},
    "Delete": {"common": (1, "Common"), "ids": (2, "*int64"), "user_ids": (3, "*int64")},
    "Gift": {"common": (1, "Common"), "gift_id": (2, "int64"), "repeat_count": (5, "int64"), "user": (7, "User")},
    "EnterRoom": {"room_id": (1, "int64"), "identity": (5, "bytes")},
}


@cache
def webcast() -> SimpleNamespace:
    """The message classes by name, made once; AdapterError where protobuf is not installed."""
    kinds = build("livesell.webcast", MESSAGES, "tiktok")
    return SimpleNamespace(**kinds, DecodeError=decode_error())
