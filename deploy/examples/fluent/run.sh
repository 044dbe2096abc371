#!/bin/sh
# sender.js -> logveil -> receiver.js, in each mode of the forward protocol, with acknowledgements; then a look at what
# was received. Needs Node.js with npm, and logveil on the PATH or in LOGVEIL.
set -eu
cd "$(dirname "$0")"
: "${LOGVEIL:=logveil}" "${PORT:=24224}" "${RECEIVER_PORT:=24225}" "${ADMIN_PORT:=9600}"
work=$(mktemp -d)
running=
stop() {
    # shellcheck disable=SC2086
    [ -z "$running" ] || kill $running 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

[ -d node_modules ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
sed "s/:24224/:$PORT/; s/:24225/:$RECEIVER_PORT/; s/:9600/:$ADMIN_PORT/" logveil.toml >"$work/logveil.toml"
node receiver.js "127.0.0.1:$RECEIVER_PORT" "$work/received" &
running=$!
"$LOGVEIL" serve --config "$work/logveil.toml" 2>"$work/log" &
logveil=$!
running="$running $logveil"

# Whoever is not there yet is waited for.
first=0
for mode in Message Forward PackedForward CompressedPackedForward; do
    node sender.js "127.0.0.1:$PORT" 100 "$mode" "$first"
    first=$((first + 100))
done
kill -TERM "$logveil"
wait "$logveil"

lines=$(wc -l <"$work/received")
echo "$lines events were received; one of them:"
sed -n 1p "$work/received"
[ "$lines" -eq 400 ]
if grep -q 'Xq9Lw\|4111111111111111' "$work/received"; then
    echo 'a secret was received' >&2
    exit 1
fi
