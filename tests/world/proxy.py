"""A TCP proxy that misbehaves on command, between logveil and its collector.

What it has read it always hands on before it cuts, so that what a cut destroys is exactly what was in sockets.
"""
import asyncio
import socket
import struct
import threading

CHUNK = 1 << 18


class Proxy:
    """Forwards each connection to `target`; runs in a thread of its own until `close`."""

    def __init__(self, target):
        self._target = target
        self._limit = None
        self._port = 0
        self._server = None
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._gone = asyncio.Event()
        self._tasks = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.back()

    @property
    def address(self):
        """Where it listens; the same through all its absences."""
        return f"tcp://127.0.0.1:{self._port}"

    def back(self):
        """Listen, again."""
        self._do(self._back())

    def gone(self):
        """Refuse new connections and reset those there are."""
        self._do(self._leave())

    def cut_after(self, limit):
        """Reset the next connection once it has carried so many bytes."""
        self._limit = limit

    def close(self):
        """End it and its thread; once more does no harm."""
        if self._loop.is_closed():
            return
        self.gone()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, what):
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _back(self):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self._port))
        sock.listen(4096)
        sock.setblocking(False)
        self._port = sock.getsockname()[1]
        self._gone.clear()
        self._server = asyncio.ensure_future(self._accept(sock))

    async def _leave(self):
        self._gone.set()
        await self._server
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accept(self, sock):
        gone = asyncio.ensure_future(self._gone.wait())
        with sock:
            while await self._readable(sock, gone):
                peer, _ = sock.accept()
                self.connections += 1
                limit, self._limit = self._limit, None
                task = asyncio.ensure_future(self._carry(peer, limit))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _readable(self, sock, gone):
        """Waits for bytes without taking them; false when the proxy goes first."""
        ready = self._loop.create_future()
        self._loop.add_reader(sock, lambda: ready.done() or ready.set_result(None))
        try:
            await asyncio.wait([ready, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._loop.remove_reader(sock)
        return ready.done() and not gone.done()

    async def _carry(self, peer, limit):
        """Moves bytes until the sender ends, the limit is reached or the proxy goes; only the first is a clean end."""
        gone = asyncio.ensure_future(self._gone.wait())
        out = socket.socket()
        out.setblocking(False)
        peer.setblocking(False)
        clean = False
        try:
            await self._loop.sock_connect(out, self._target)
            while (limit is None or limit > 0) and await self._readable(peer, gone):
                data = peer.recv(CHUNK if limit is None else min(limit, CHUNK))
                if not data:
                    clean = True
                    break
                await self._loop.sock_sendall(out, data)
                limit = None if limit is None else limit - len(data)
        except OSError:
            pass
        gone.cancel()
        if not clean:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        out.close()
