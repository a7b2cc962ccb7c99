"""Starts the lab: `python3 -m lab`, in a network namespace of its own, ready in a second."""

from __future__ import annotations

import asyncio

from .control import control
from .network import add_lab_network, allow_many_sockets, drop_privileges
from .record import Record
from .router import Router, add_router
from .services import start_services
from .sniff import Sniffer


async def main() -> None:
    add_lab_network()
    add_router()
    allow_many_sockets()
    record = Record()
    record.begin()
    listener = await start_services(record)
    sniffer = Sniffer(record)
    router = Router()
    drop_privileges()
    await control(record, listener, sniffer, router)


asyncio.run(main())
