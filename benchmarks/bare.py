"""The floor for the way of a comment: POST, one bare FULL commit, WebSocket; no reading, no desk, no ledger.

python -m benchmarks.bare PORT FOLDER
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import WSMsgType, web

from livesell.adapter import read_posted
from livesell.store.engine import PRAGMAS


def build(folder: Path) -> web.Application:
    """An application that stores what is posted and tells who listens."""
    thread = ThreadPoolExecutor(1)
    pages: set[web.WebSocketResponse] = set()

    def open_database() -> sqlite3.Connection:
        database = sqlite3.connect(folder / "bare.db", isolation_level=None)
        for name, value in PRAGMAS.items():
            database.execute(f"PRAGMA {name}={value}")
        database.execute("CREATE TABLE comments (id TEXT PRIMARY KEY, author_id TEXT, author TEXT, text TEXT)")
        return database

    database = thread.submit(open_database).result()

    def commit(rows: list[tuple[str, str | None, str, str]]) -> None:
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO comments VALUES (?, ?, ?, ?)", rows)
        database.execute("COMMIT")

    async def post(request: web.Request) -> web.Response:
        comments = read_posted(json.loads(await request.read()))
        rows = [(comment.id, comment.author_id, comment.author, comment.text) for comment in comments]
        await asyncio.get_running_loop().run_in_executor(thread, commit, rows)
        message = json.dumps({"comments": [row[0] for row in rows]})
        for page in list(pages):
            await page.send_str(message)
        return web.json_response({"accepted": len(rows)}, status=202)

    async def feed(request: web.Request) -> web.WebSocketResponse:
        page = web.WebSocketResponse()
        await page.prepare(request)
        pages.add(page)
        try:
            async for message in page:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            pages.discard(page)
        return page

    app = web.Application()
    app.router.add_post("/comments", post)
    app.router.add_get("/feed", feed)
    return app


if __name__ == "__main__":
    web.run_app(build(Path(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
