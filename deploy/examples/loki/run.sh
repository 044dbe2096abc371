#!/bin/sh
# sender.py -> logveil -> receiver.py, then a look at what was received. Needs Python 3, and logveil on the PATH or in LOGVEIL;
# PYTHON is one that has what requirements.txt lists, else a virtual environment is made beside this file.
set -eu
cd "$(dirname "$0")"
: "${LOGVEIL:=logveil}" "${PORT:=3101}" "${RECEIVER_PORT:=3100}" "${ADMIN_PORT:=9600}" "${COUNT:=100}"
work=$(mktemp -d)
running=
stop() {
    # shellcheck disable=SC2086
    [ -z "$running" ] || kill $running 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

if [ -z "${PYTHON:-}" ]; then
    PYTHON=$PWD/venv/bin/python
    [ -x "$PYTHON" ] || { python3 -m venv venv && "$PYTHON" -m pip install --quiet -r requirements.txt; }
fi
sed "s/:3101/:$PORT/; s/:3100/:$RECEIVER_PORT/; s/:9600/:$ADMIN_PORT/" logveil.toml >"$work/logveil.toml"
"$PYTHON" receiver.py "$RECEIVER_PORT" "$work/received" &
running=$!
"$LOGVEIL" serve --config "$work/logveil.toml" 2>"$work/log" &
logveil=$!
running="$running $logveil"

# A handler does not come again, so that somebody must be there.
until "$PYTHON" -c "import socket; socket.create_connection((\"127.0.0.1\", $PORT))" 2>/dev/null; do sleep 0.1; done
"$PYTHON" sender.py "http://127.0.0.1:$PORT" "$COUNT"
kill -TERM "$logveil"
wait "$logveil"

lines=$(wc -l <"$work/received")
echo "$lines lines were received; one of them:"
sed -n 1p "$work/received"
[ "$lines" -eq "$COUNT" ]
if grep -q 'Xq9Lw' "$work/received"; then
    echo 'a secret was received' >&2
    exit 1
fi
