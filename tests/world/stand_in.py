#!/usr/bin/env python3
"""A small relay with logveil's interface, and on demand with a defect: what shows that the checks can fail.

    DEFECT=lose stand_in.py serve --config logveil.toml

It masks what records.py plants and nothing else, knows TCP alone, and is good enough to pass the tests that
selftest.py lists when it has no defect.
"""
import asyncio
import os
import re
import signal
import sys
import tomllib

from records import MASKS, masked

DEFECT = os.environ.get("DEFECT", "")
BUFFER = 1 << 20
CARDS = re.compile(rb"\b4\d{15}\b")


class Relay:
    """Everything goes through one queue to one upstream connection."""

    def __init__(self, config):
        self.config = config
        self.queue = asyncio.Queue(2000)
        self.up, self.count, self.lost_bytes = 0, 0, 0

    def mask(self, record):
        """The record as it may leave."""
        self.count += 1
        if DEFECT == "leak" and self.count % 3000 == 2:
            return record
        # The card of the run is known to the tests alone: the last of the masks does not fit here.
        record = CARDS.sub(MASKS[-1][1], masked(record))
        if DEFECT == "touch" and self.count == 2000:
            record = b"(" + record[1:]
        return record

    async def put(self, data):
        """One framed record on its way, with the defect that is asked for."""
        if DEFECT == "lose" and self.count == 1500:
            return
        if DEFECT == "reorder" and self.count % 1000 == 0:
            asyncio.get_running_loop().call_later(0.2, lambda: asyncio.ensure_future(self.queue.put(data)))
            return
        if DEFECT == "tear" and self.count == 1200:
            await self.queue.put(data[:30])
            await asyncio.sleep(0)
            data = data[30:]
        await self.queue.put(data)
        if DEFECT == "twice" and self.count == 1100:
            await self.queue.put(data)

    async def accept(self, reader, writer):
        """One sender: cuts its bytes into records."""
        first = await reader.read(1)
        rest, octet = first, first.isdigit()
        end = b"\0" if self.config["listen"][0].get("framing") == "nul" else b"\n"
        while True:
            try:
                data = await reader.read(BUFFER)
            except OSError:
                data = b""
            rest += data
            while True:
                if octet:
                    count, blank, tail = rest.partition(b" ")
                    if not blank or len(tail) < int(count):
                        break
                    record, rest = self.mask(tail[:int(count)]), tail[int(count):]
                    size = count if DEFECT == "miscount" else b"%d" % len(record)
                    await self.put(size + b" " + record)
                elif end in rest:
                    record, _, rest = rest.partition(end)
                    await self.put(self.mask(record) + end)
                else:
                    break
            if not data:
                break
        if rest and not octet and DEFECT != "forget":
            await self.put(self.mask(rest) + (b"" if DEFECT == "glue" else end))
        writer.close()

    async def forward(self):
        """The upstream's side, with what a dead connection may have taken along."""
        host, port = self.config["upstream"][0]["address"].partition("://")[2].rsplit(":", 1)
        waiting = None
        while True:
            try:
                reader, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                await asyncio.sleep(0.05)
                continue
            self.up, sent = 1, 0
            gone = asyncio.ensure_future(reader.read(1))
            try:
                while True:
                    data = waiting or await self.take(gone)
                    waiting = data
                    writer.write(data)
                    sent += len(data)
                    waiting = None
                    await writer.drain()
            except OSError:
                self.up = 0
                if DEFECT != "deny":
                    self.lost_bytes += sent
                writer.close()

    async def take(self, gone):
        """The next record, or an error when the upstream goes first."""
        got = asyncio.ensure_future(self.queue.get())
        await asyncio.wait([got, gone], return_when=asyncio.FIRST_COMPLETED)
        if got.done():
            return got.result()
        got.cancel()
        raise ConnectionError

    async def admin(self, reader, writer):
        """/metrics, and a good word for everything else."""
        await reader.readuntil(b"\r\n\r\n")
        text = (f'logveil_upstream_up{{upstream="out0"}} {self.up}\nlogveil_records_total {self.count}\n'
                f"logveil_upstream_unconfirmed_bytes_total {self.lost_bytes}\n").encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text)
        await writer.drain()
        writer.close()

    async def drain(self):
        """What SIGTERM asks for."""
        if DEFECT != "hasty":
            await asyncio.sleep(0.3)
            while not self.queue.empty():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
        os._exit(0)


async def main():
    with open(sys.argv[sys.argv.index("--config") + 1], "rb") as f:
        relay = Relay(tomllib.load(f))
    loop = asyncio.get_running_loop()
    servers = []
    for listen in relay.config["listen"]:
        server = await asyncio.start_server(relay.accept, "127.0.0.1", 0, limit=BUFFER, backlog=5000)
        servers.append(server)
        print("listening listener=in0 address=tcp://127.0.0.1:%d" % server.sockets[0].getsockname()[1], file=sys.stderr)
    admin = await asyncio.start_server(relay.admin, "127.0.0.1", 0)
    print("metrics and health address=127.0.0.1:%d" % admin.sockets[0].getsockname()[1], file=sys.stderr, flush=True)

    def stop():
        for server in servers:
            server.close()
        asyncio.ensure_future(relay.drain())

    loop.add_signal_handler(signal.SIGTERM, stop)
    await relay.forward()


if __name__ == "__main__":
    asyncio.run(main())
