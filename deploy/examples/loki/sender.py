"""Logs lines with secrets in them by a handler for Loki: sender.py URL [COUNT]"""
import logging
import os
import sys

import logging_loki

# Made up, and in two parts, so that nobody takes it for one that is in use.
SECRET = os.environ.get("SECRET") or "hunter2" + "Xq9Lw"

logger = logging.getLogger("example")
logger.setLevel(logging.INFO)
logger.addHandler(logging_loki.LokiHandler(url=sys.argv[1] + "/loki/api/v1/push", tags={"app": "shop"}, version="1"))
for n in range(int(sys.argv[2]) if len(sys.argv) > 2 else 10):
    logger.info("login n=%d user=alice password=%s from 203.0.113.9", n, SECRET, extra={"tags": {"api_key": SECRET}})
