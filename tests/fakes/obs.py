"""A server that speaks obs-websocket 5: Hello, Identify with its password, requests on a scene collection, events."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgpack
from websockets.asyncio.server import Server, ServerConnection, serve

# The example of the specification (protocol.md, "Creating an authentication string").
PASSWORD = "supersecretpassword"
SALT = "lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI="
CHALLENGE = "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY="


def answer_to(password: str, salt: str = SALT, challenge: str = CHALLENGE) -> str:
    """The authentication string, by the specification's four steps."""
    secret = base64.b64encode(hashlib.sha256((password + salt).encode()).digest()).decode()
    return base64.b64encode(hashlib.sha256((secret + challenge).encode()).digest()).decode()


class Refuse(Exception):
    """A request that is answered with a code."""

    def __init__(self, code: int, comment: str = "") -> None:
        self.code, self.comment = code, comment


class FakeObs:
    """One scene collection; `heard` has every request, `identified` every Identify."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.password = password
        self.rpc = 1
        self.not_ready = 0
        self.kinds = {"browser_source", "image_source"}
        self.scenes: dict[str, list[str]] = {"Live": [], "Pause": []}
        self.current = "Live"
        self.inputs: dict[str, tuple[str, dict[str, Any]]] = {}
        self.pressed: list[str] = []
        self.heard: list[str] = []
        self.identified: list[dict[str, Any]] = []
        self.streams = False
        self.silent = False
        self.close_on = ""
        self.port = 0
        self._lines: dict[ServerConnection, int] = {}

    async def talk(self, line: ServerConnection) -> None:
        """One session, until it is closed."""
        if self.silent:
            await line.wait_closed()
            return
        hello: dict[str, Any] = {"obsStudioVersion": "31.0.0", "obsWebSocketVersion": "5.5.4", "rpcVersion": self.rpc}
        if self.password:
            hello["authentication"] = {"challenge": CHALLENGE, "salt": SALT}
        await self.send(line, 0, hello)
        async for message in line:
            assert isinstance(message, bytes), "the msgpack subprotocol was agreed on"
            told = msgpack.unpackb(message)
            kind, data = told["op"], told["d"]
            if kind == 1:
                self.identified.append(data)
                if data["rpcVersion"] != self.rpc:
                    await line.close(4010, "unsupported")
                elif self.password and data.get("authentication") != answer_to(self.password):
                    await line.close(4009, "Authentication failed.")
                else:
                    self._lines[line] = data.get("eventSubscriptions", 2047)
                    await self.send(line, 2, {"negotiatedRpcVersion": 1})
            elif kind == 6:
                if line not in self._lines:
                    await line.close(4007, "not identified")
                    return
                await self.answer(line, data)

    async def answer(self, line: ServerConnection, asked: dict[str, Any]) -> None:
        """Answer one request, as OBS does: with its result and a code."""
        kind = asked["requestType"]
        self.heard.append(kind)
        if kind == self.close_on:
            await line.close(1001, "going away")
            return
        status: dict[str, Any] = {"result": True, "code": 100}
        found: dict[str, Any] | None = None
        try:
            if self.not_ready:
                self.not_ready -= 1
                raise Refuse(207, "OBS is not ready to perform the request.")
            found = getattr(self, kind)(asked.get("requestData") or {})
        except Refuse as refused:
            status = {"result": False, "code": refused.code, "comment": refused.comment}
        told = {"requestType": kind, "requestId": asked["requestId"], "requestStatus": status}
        await self.send(line, 7, told if found is None else {**told, "responseData": found})

    async def send(self, line: ServerConnection, op: int, data: dict[str, Any]) -> None:
        """One message."""
        await line.send(msgpack.packb({"op": op, "d": data}))

    async def stream(self, on: bool) -> None:
        """The stream starts or stops; those who asked for its events are told, with the steps between."""
        self.streams = on
        for state in ("STARTING", "STARTED") if on else ("STOPPING", "STOPPED"):
            data = {"outputActive": on, "outputState": f"OBS_WEBSOCKET_OUTPUT_{state}"}
            for line, wanted in list(self._lines.items()):
                if wanted & 64:
                    event = {"eventType": "StreamStateChanged", "eventIntent": 64, "eventData": data}
                    await self.send(line, 5, event)

    async def hang_up(self, code: int = 1001) -> None:
        """OBS is closed, or its user sends everybody away."""
        for line in list(self._lines):
            await line.close(code, "")
        self._lines.clear()

    # --- requests -------------------------------------------------------------------------------------------------

    def GetVideoSettings(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - as the protocol calls it
        return {"baseWidth": 1080, "baseHeight": 1920, "fpsNumerator": 30}

    def GetCurrentProgramScene(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"currentProgramSceneName": self.current, "sceneName": self.current}

    def GetStreamStatus(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"outputActive": self.streams}

    def CreateInput(self, data: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if data["sceneName"] not in self.scenes:
            raise Refuse(600, "No source was found by that name.")
        if data["inputName"] in self.inputs or data["inputName"] in self.scenes:
            raise Refuse(601, "A source already exists by that input name.")
        if data["inputKind"] not in self.kinds:
            raise Refuse(605, "Your specified input kind is not supported by OBS.")
        self.inputs[data["inputName"]] = (data["inputKind"], dict(data["inputSettings"]))
        self.scenes[data["sceneName"]].append(data["inputName"])
        return {"sceneItemId": len(self.inputs)}

    def GetInputList(self, data: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        wanted = data.get("inputKind")
        found = [{"inputName": name, "inputKind": kind} for name, (kind, _) in self.inputs.items()]
        return {"inputs": [one for one in found if wanted in (None, one["inputKind"])]}

    def GetInputSettings(self, data: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        kind, settings = self._input(data)
        return {"inputKind": kind, "inputSettings": settings}

    def SetInputSettings(self, data: dict[str, Any]) -> None:  # noqa: N802
        self._input(data)[1].update(data["inputSettings"])

    def GetSceneItemId(self, data: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if data["sourceName"] not in self.scenes[data["sceneName"]]:
            raise Refuse(600, "No scene items were found in the specified scene by that name or offset.")
        return {"sceneItemId": 1}

    def CreateSceneItem(self, data: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.scenes[data["sceneName"]].append(data["sourceName"])
        return {"sceneItemId": 2}

    def PressInputPropertiesButton(self, data: dict[str, Any]) -> None:  # noqa: N802
        assert data["propertyName"] == "refreshnocache"
        self._input(data)
        self.pressed.append(data["inputName"])

    def _input(self, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if data["inputName"] not in self.inputs:
            raise Refuse(600, "No source was found by that name.")
        return self.inputs[data["inputName"]]


@asynccontextmanager
async def obs_running(obs: FakeObs, port: int = 0) -> AsyncIterator[FakeObs]:
    """An OBS at work on a port of this machine."""
    server: Server
    async with serve(obs.talk, "127.0.0.1", port, subprotocols=["obswebsocket.msgpack", "obswebsocket.json"]) as server:  # type: ignore[list-item]
        obs.port = next(iter(server.sockets)).getsockname()[1]
        yield obs
        await obs.hang_up()
        await asyncio.sleep(0)
