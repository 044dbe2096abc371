"""The leak list: how secrets get past what people put into `logging`. Each writes its own; none may be in what was written."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import logging.handlers
import multiprocessing
import pickle
import queue
import subprocess
import sys
import warnings

import logveil
import pytest

SECRET = "hunter2" + "Tr0ub4dor"
MESSAGE = f"login password={SECRET} ok"


@pytest.fixture
def out():
    """What a handler on the root wrote, with logveil installed first; everything is as it was afterwards."""
    root, text = logging.getLogger(), io.StringIO()
    was = root.handlers[:], root.level
    root.handlers[:], root.level = [], logging.DEBUG
    installed = logveil.install()
    root.addHandler(logging.StreamHandler(text))
    yield text
    installed.uninstall()
    root.handlers[:], root.level = was
    logging.captureWarnings(False)


def held(text: io.StringIO) -> str:
    """What was written, which must be something, and not the secret."""
    written = text.getvalue()
    assert written and (SECRET in written) is False
    return written


def test_child_logger_and_a_dependencys(out):
    logging.getLogger("app.db.pool").info(MESSAGE)
    child = logging.getLogger("dependency.inner")
    child.propagate = False
    own = io.StringIO()
    child.addHandler(logging.StreamHandler(own))
    child.warning("password=%s", SECRET)
    assert "password=[REDACTED:password] ok" in held(out)
    assert held(own) == "password=[REDACTED:password]\n"
    child.handlers.clear()
    child.propagate = True


def test_exceptions_chained_and_stack_info(out):
    try:
        try:
            raise KeyError(f"password={SECRET}")
        except KeyError as inner:
            raise ValueError(f"postgres://bob:{SECRET}@db/app") from inner
    except ValueError:
        logging.getLogger("app").exception("it failed: %s", MESSAGE, stack_info=True)
    written = held(out)
    assert "Traceback" in written and "direct cause" in written and "ValueError: postgres://bob:" in written


def test_json_formatter_with_nested_extras(out):
    jsonlogger = pytest.importorskip("pythonjsonlogger.json")
    logging.getLogger().handlers[0].setFormatter(jsonlogger.JsonFormatter())
    logging.getLogger("app").info("x", extra={"request": {"headers": [{"Authorization": f"Bearer {SECRET}"}], "id": 7}})
    logging.getLogger("app").info("x", extra={"db": {"password": SECRET}})
    first, second = held(out).splitlines()
    assert json.loads(first)["request"]["id"] == 7 and json.loads(second)["db"]["password"] == "[REDACTED:password]"


def test_dict_config_and_basic_config_afterwards(out, tmp_path):
    file = tmp_path / "app.log"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"own": {"format": "%(message)s"}},
            "handlers": {"file": {"class": "logging.FileHandler", "filename": str(file), "formatter": "own"}},
            "root": {"handlers": ["file"], "level": "DEBUG"},
        }
    )
    logging.getLogger("app").info(MESSAGE)
    assert file.read_text() == "login password=[REDACTED:password] ok\n"
    again = io.StringIO()
    logging.basicConfig(force=True, stream=again)
    logging.getLogger("app").warning(MESSAGE)
    held(again)


def test_a_formatter_that_raises(out, monkeypatch):
    class Raising(logging.Formatter):
        def format(self, record):
            raise RuntimeError(f"cannot format {record.args} {SECRET}")

    errors, log = io.StringIO(), logging.getLogger("app.raising")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(Raising())
    # pytest's own handlers raise what is raised.
    log.propagate, log.handlers = False, [handler]
    monkeypatch.setattr(sys, "stderr", errors)
    log.info("%s logs in", SECRET)
    handler.setFormatter(None)
    log.info("password=%d", SECRET)
    log.info(f"password={SECRET} %s %s", "one")
    written = held(errors)
    assert written.count("--- Logging error ---") == 3 and "Arguments: 1, not shown" in written
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.info("%s logs in", SECRET, SECRET)
    assert errors.getvalue() == written
    log.handlers.clear()


class Shipper(logging.Handler):
    """Never calls `format`."""

    def __init__(self):
        super().__init__()
        self.sent = io.StringIO()

    def emit(self, record):
        shown = {k: repr(v) for k, v in record.__dict__.items() if k not in ("exc_info",)}
        error = str(record.exc_info[1]) if record.exc_info else ""
        self.sent.write(json.dumps([record.getMessage(), shown, error]) + "\n")


class OwnFormat(Shipper):
    def format(self, record):
        return "own: " + record.getMessage()

    def emit(self, record):
        self.sent.write(self.format(record))


class OwnHandle(Shipper):
    def handle(self, record):
        return self.emit(record)


@pytest.mark.parametrize("kind", [Shipper, OwnFormat, OwnHandle])
def test_handlers_of_ones_own(out, kind):
    handler, log = kind(), logging.getLogger("app.shipped")
    log.addHandler(handler)
    try:
        raise ValueError(MESSAGE)
    except ValueError:
        log.exception("password=%s", SECRET, extra={"token": SECRET, "nested": {"password": SECRET}})
    log.warning("%(user)s logs in", {"user": "bob", "password": SECRET})
    log.removeHandler(handler)
    held(handler.sent)


def test_a_record_that_is_clean_is_the_same(out):
    seen = []
    handler = Shipper()
    handler.emit = seen.append
    log = logging.getLogger("app.same")
    record = logging.LogRecord("app.same", 20, __file__, 1, "%d items", (7,), None)
    record.extra = {"a": [1]}
    log.addHandler(handler)
    log.handle(record)
    log.removeHandler(handler)
    assert seen == [record]


def test_what_leaves_a_process_whole(out):
    sent = []

    class Socket(logging.handlers.SocketHandler):
        def send(self, data):
            sent.append(data)

    line = queue.Queue()
    log, handlers = logging.getLogger("app.far"), [Socket("127.0.0.1", 9), logging.handlers.QueueHandler(line)]
    for handler in handlers:
        log.addHandler(handler)
    log.info("password=%s", SECRET, extra={"token": SECRET, "count": 3})
    for handler in handlers:
        log.removeHandler(handler)
    (pickled,) = sent
    assert (SECRET in repr(pickle.loads(pickled[4:]))) is False and pickle.loads(pickled[4:])["count"] == 3
    record = line.get()
    assert (SECRET in repr(vars(record))) is False and record.count == 3


def test_queue_listener_and_memory_handler(out):
    line, text = queue.Queue(), io.StringIO()
    listener = logging.handlers.QueueListener(line, logging.StreamHandler(text))
    memory = logging.handlers.MemoryHandler(10, target=logging.StreamHandler(text))
    log = logging.getLogger("app.queued")
    log.addHandler(logging.handlers.QueueHandler(line))
    log.addHandler(memory)
    listener.start()
    log.info(MESSAGE)
    listener.stop()
    memory.flush()
    log.handlers.clear()
    assert held(text).count("[REDACTED:password]") == 2


def test_captured_warnings(out):
    logging.captureWarnings(True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(MESSAGE)
    held(out)


def test_a_key_that_is_logged_line_by_line_to_two_handlers(out):
    other = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(other))
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
    for line in ["-----BEGIN RSA PRIVATE" + " KEY-----", body, body, "-----END RSA PRIVATE" + " KEY-----", "after"]:
        logging.getLogger("app").info(line)
    for text in (out, other):
        assert (body in text.getvalue()) is False and text.getvalue().endswith("after\n")
    for line in ["name: password", f"value: {SECRET}"]:
        logging.getLogger("app").info(line)
    assert held(out).splitlines()[-1] == held(other).splitlines()[-1] == "value: [REDACTED:password]"


def logged_by_a_child(line):
    logging.getLogger("child").warning("password=%s", line)


def child_of_spawn(path):
    logveil.install()
    logging.basicConfig(filename=path, force=True)


def test_multiprocessing_fork(out, tmp_path):
    file = tmp_path / "fork.log"
    logging.basicConfig(filename=file, force=True)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(logged_by_a_child, [SECRET])
    assert "[REDACTED:password]" in file.read_text() and (SECRET in file.read_text()) is False


def test_multiprocessing_spawn(tmp_path):
    file = tmp_path / "spawn.log"
    with multiprocessing.get_context("spawn").Pool(1, child_of_spawn, [file]) as pool:
        pool.map(logged_by_a_child, [SECRET])
    assert "[REDACTED:password]" in file.read_text() and (SECRET in file.read_text()) is False


class Closed:
    """No handler, and nothing can be put into it."""

    __slots__ = ()
    level = 0

    def handle(self, record):
        pass


def test_what_cannot_be_covered_is_named(out):
    log = logging.getLogger("app.closed")
    log.addHandler(Closed())
    try:
        with pytest.warns(logveil.UncoveredWarning, match="Closed"):
            installed = logveil.install()
        assert [type(handler) for handler in installed.uncovered] == [Closed]
        with pytest.raises(logveil.UncoveredError, match="Closed"):
            logveil.install(strict=True)
        assert logging.Handler.format.__module__ == "logging"
    finally:
        log.handlers.clear()
        installed.uninstall()


def test_installed_twice_and_taken_back():
    text, root = io.StringIO(), logging.getLogger("app.twice")
    handler = OwnFormat()
    root.addHandler(handler)
    logveil.install()
    installed = logveil.install(logveil.Redactor(mask="stars"))
    root.addHandler(logging.StreamHandler(text))
    root.warning("password=%s", "hunter2")
    installed.uninstall()
    root.warning("plain")
    root.handlers.clear()
    assert text.getvalue() == "password=*******\nplain\n" and handler.sent.getvalue() == "own: password=*******own: plain"
    for name in ("format", "__init__", "handleError"):
        assert vars(logging.Handler)[name].__module__ == "logging"
    assert not {"format", "emit", "handle", "_logveil"} & set(vars(handler))


def test_one_handler_alone():
    text, log = io.StringIO(), logging.getLogger("app.alone")
    handler = logging.StreamHandler(text)
    handler.setFormatter(logveil.RedactingFormatter(logging.Formatter("%(name)s %(message)s")))
    shipper = Shipper()
    wrapped = logveil.RedactingHandler(shipper)
    log.addHandler(handler), log.addHandler(wrapped)
    log.error("password=%s", SECRET, extra={"token": SECRET})
    log.handlers.clear()
    assert held(text) == "app.alone password=[REDACTED:password]\n"
    held(shipper.sent)


def test_an_engine_that_fails_lets_nothing_go(monkeypatch):
    from logveil import _shared

    def broken(record):
        raise RuntimeError("on purpose")

    assert _shared.never_raising(logveil.Redactor(), broken)(MESSAGE) == "[REDACTED:unjudged]"


def test_uncaught_exceptions_and_prints():
    program = (
        "import sys, logveil; logveil.stdio()\n"
        f"print('password={SECRET}'); sys.stdout.buffer.write(b'password={SECRET}\\n')\n"
        f"print('password={SECRET}', end='')\n"
        f"raise ValueError('password={SECRET}')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (SECRET in done.stdout + done.stderr) is False and done.returncode == 1
    assert done.stdout == "password=[REDACTED:password]\n" * 2 + "password=[REDACTED:password]"
    assert "ValueError: password=[REDACTED:password]" in done.stderr


def test_the_module_is_a_filter():
    run = lambda *args: subprocess.run(  # noqa: E731
        [sys.executable, "-m", "logveil", *args], input=MESSAGE.encode(), capture_output=True
    )
    assert run().stdout == b"login password=[REDACTED:password] ok"
    assert run("--mask", "text:GONE").stdout == b"login password=GONE ok"
    assert run("--only", "nobody").returncode == 2 and b"nobody" in run("--only", "nobody").stderr
