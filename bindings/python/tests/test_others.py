"""structlog, loguru, Sentry: as their users set them up."""

from __future__ import annotations

import io
import json

import logveil
import pytest

SECRET = "hunter2" + "Tr0ub4dor"


def test_structlog():
    structlog = pytest.importorskip("structlog")
    import logveil.structlog

    for redacts in ("event", "rendered"):
        text = io.StringIO()
        processors = [structlog.processors.format_exc_info]
        if redacts == "event":
            processors += [logveil.structlog.RedactEvent(), structlog.processors.JSONRenderer()]
        else:
            processors += [structlog.processors.JSONRenderer(), logveil.structlog.RedactRendered()]
        log = structlog.wrap_logger(structlog.PrintLogger(text), processors=processors)
        log.info("login", password=SECRET, n=7, request={"headers": {"authorization": f"Bearer {SECRET}"}})
        try:
            raise ValueError(f"password={SECRET}")
        except ValueError:
            log.exception("failed")
        first, second = text.getvalue().splitlines()
        assert (SECRET in text.getvalue()) is False
        assert json.loads(first)["n"] == 7 and json.loads(first)["password"] == "[REDACTED:password]"
        assert "Traceback" in json.loads(second)["exception"]


def test_loguru():
    loguru = pytest.importorskip("loguru")
    import logveil.loguru

    text, seen = io.StringIO(), []
    logger = loguru.logger
    logger.remove()
    logger.add(logveil.loguru.sink(text), diagnose=False, format="{message} {extra}")
    logger.add(logveil.loguru.sink(text), diagnose=False, serialize=True)
    logger.add(logveil.loguru.sink(seen.append), diagnose=False)
    try:
        raise ValueError(f"password={SECRET}")
    except ValueError:
        logger.bind(token=SECRET).exception("password={}", SECRET)
    logger.remove()
    assert text.getvalue() and (SECRET in text.getvalue()) is False
    (message,) = seen
    assert (SECRET in message) is False and (SECRET in repr(message.record["message"])) is False
    assert message.record["extra"]["token"].startswith("[REDACTED:") and message.record["level"].name == "ERROR"
    with pytest.raises(TypeError):
        logveil.loguru.sink("app.log")

    plain = io.StringIO()
    logger.configure(patcher=logveil.loguru.patcher, handlers=[{"sink": plain, "format": "{message} {extra}"}])
    logger.bind(token=SECRET).info("password={}", SECRET)
    logger.configure(patcher=lambda record: None, handlers=[])
    assert plain.getvalue() and (SECRET in plain.getvalue()) is False


def test_sentry():
    sentry_sdk = pytest.importorskip("sentry_sdk")
    import logveil.sentry

    sent = []

    class Transport(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope):
            sent.append(envelope.serialize())

    hooks = {"before_send": logveil.sentry.before_send, "before_breadcrumb": logveil.sentry.before_send}
    sentry_sdk.init(dsn="http://key@127.0.0.1:9/1", transport=Transport, default_integrations=False, **hooks)
    sentry_sdk.add_breadcrumb(message=f"password={SECRET}", data={"token": SECRET})

    def fails(password):
        raise ValueError(f"postgres://bob:{password}@db/app")

    try:
        fails(SECRET)
    except ValueError as error:
        sentry_sdk.capture_exception(error)
    sentry_sdk.init(dsn="")
    assert sent and all((SECRET.encode() in envelope) is False for envelope in sent)


def test_an_event_that_cannot_be_judged_is_not_sent():
    import logveil.sentry

    class Broken:
        def redact_value(self, *args, **kwargs):
            raise RuntimeError("on purpose")

    assert logveil.sentry.hook(Broken())({"message": SECRET}, None) is None
