"""Senders of Python's standard library, as programs use them: what each does on the wire is its own."""
import http.client
import logging
import logging.handlers
import socket

from daemon import until
from records import MARK, Wrong
from rig import drained, port

MASK = "[REDACTED:password]"


def _logger(handler):
    logger = logging.Logger("world")
    logger.addHandler(handler)
    return logger


def _traced(logger, secret):
    """A record with a traceback, whose lines are the record's own."""
    try:
        raise ValueError("pass" f"word={secret}")
    except ValueError:
        logger.exception("it failed")


def python_syslog_tcp(rig):
    """SysLogHandler over TCP, as it comes: a NUL ends its records. None waits, none is missing."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address, more_upstream='framing = "newline"')
    handler = logging.handlers.SysLogHandler(("127.0.0.1", port(logveil.listen[0])), socktype=socket.SOCK_STREAM)
    logger = _logger(handler)
    many = rig.pick(200, 20_000)
    for n in range(many):
        logger.warning("%d errors, pass" "word=%s", n, MARK + str(n))
    wanted = [f"<12>{n} errors, pass" f"word={MASK}".encode() for n in range(many)]
    # The connection is open still: nothing of it waits for an end.
    until("all arrived", lambda: receiver.arrived()[0] == wanted)
    _traced(logger, MARK + "abc")
    until("the traceback arrived", lambda: len(receiver.arrived()[0]) > many)
    handler.close()
    drained(logveil)
    data = b"\n".join(receiver.arrived()[0])
    if MARK.encode() in data:
        raise Wrong("a secret arrived")
    if b"Traceback" not in data or b"ValueError: password=" + MASK.encode() not in data:
        raise Wrong("the traceback did not arrive")
    return {"records": many}


def python_without_an_end(rig):
    """SysLogHandler with append_nul = False writes no end at all: flush-after is for it."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address, more_listen="flush-after = 0.2", more_upstream='framing = "newline"')
    handler = logging.handlers.SysLogHandler(("127.0.0.1", port(logveil.listen[0])), socktype=socket.SOCK_STREAM)
    handler.append_nul = False
    logger = _logger(handler)
    wanted = []
    for n in range(5):
        logger.warning("%d errors, pass" "word=%s", n, MARK + str(n))
        wanted.append(f"<12>{n} errors, pass" f"word={MASK}".encode())
        until("it arrived", lambda: receiver.arrived()[0] == wanted)
    handler.close()
    drained(logveil)
    return {"records": len(wanted)}


def python_pickles(rig):
    """SocketHandler sends pickles: refused by name, and nothing of them leaves."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address)
    handler = logging.handlers.SocketHandler("127.0.0.1", port(logveil.listen[0]))
    _logger(handler).warning("pass" "word=%s", MARK)
    until("it was refused", lambda: logveil.metric("logveil_rejections_total", reason="foreign") == 1)
    handler.close()
    drained(logveil)
    if receiver.size() or "pickle (Python's SocketHandler)" not in logveil.said():
        raise Wrong(f"{receiver.size()} bytes of pickles arrived:\n{logveil.said()[-2000:]}")
    return {}


def python_http(rig):
    """HTTPHandler, and any client of HTTP: told what this port is."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address)
    client = http.client.HTTPConnection("127.0.0.1", port(logveil.listen[0]), timeout=30)
    client.request("POST", "/log", body="pass" f"word={MARK}\n" * 1000)
    answer = client.getresponse()
    said = answer.read().decode()
    client.close()
    drained(logveil)
    if answer.status != 400 or "takes log records" not in said:
        raise Wrong(f"answered {answer.status}: {said}")
    if receiver.size():
        raise Wrong(f"{receiver.size()} bytes of HTTP arrived")
    return {}


CLIENTS = [python_syslog_tcp, python_without_an_end, python_pickles, python_http]
