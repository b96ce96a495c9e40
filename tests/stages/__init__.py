"""Every way that chat is heard, as a stage on which a test lets things happen: a fake server, or posts to ours."""

from __future__ import annotations

from tests.stages.polls import POLLS
from tests.stages.posts import POSTS
from tests.stages.relays import RELAYS
from tests.stages.sockets import SOCKETS
from tests.stages.stage import CASES, Said, Stage

STAGES: dict[str, type[Stage]] = {stage.way: stage for stage in (*SOCKETS, *RELAYS, *POLLS, *POSTS)}
"""By name; a platform that is heard in several ways is here once for each."""

__all__ = ["CASES", "STAGES", "Said", "Stage"]
