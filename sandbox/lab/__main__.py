"""Starts the lab: `python3 -m lab`, in a network namespace of its own, ready in a second."""

from __future__ import annotations

import asyncio
from selectors import BaseSelector, DefaultSelector

from .control import Window, control
from .network import add_lab_network, allow_many_sockets, drop_privileges
from .record import Record
from .router import add_router
from .services import start_services


async def main(selector: BaseSelector) -> None:
    add_lab_network()
    add_router()
    allow_many_sockets()
    record = Record()
    record.begin()
    listener = start_services(record)
    window = Window(record, listener, selector)
    drop_privileges()
    await control(window)


selector = DefaultSelector()
with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
    runner.run(main(selector))
