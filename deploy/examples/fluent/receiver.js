// Receives events, writes each as a line of JSON, and acknowledges them.
//
//   node receiver.js HOST:PORT FILE
//
// With SHARED_KEY in the environment senders must know the key; with CERTIFICATE and KEY (PEM files) it speaks TLS. On
// SIGTERM it dies between two messages without another word, as if it were killed there: what it has acknowledged is in
// the file.
const fs = require("fs");
const { FluentServer } = require("@fluent-org/logger");

const [address, path] = process.argv.slice(2);
const [host, port] = address.split(":");
const file = fs.openSync(path, "a");

// Bytes as text, where JSON would write them as numbers.
function readable(key, value) {
  return this[key] instanceof Uint8Array ? Buffer.from(this[key]).toString("latin1") : value;
}

class Receiver extends FluentServer {
  onEntry(tag, time, record) {
    fs.writeSync(file, JSON.stringify({ tag, record }, readable) + "\n");
  }
}

const receiver = new Receiver({
  listenOptions: { host, port: Number(port) },
  security: process.env.SHARED_KEY
    ? { serverHostname: "receiver.test", sharedKey: process.env.SHARED_KEY, authorize: false, userDict: {} }
    : undefined,
  tlsOptions: process.env.CERTIFICATE
    ? { cert: fs.readFileSync(process.env.CERTIFICATE), key: fs.readFileSync(process.env.KEY) }
    : undefined,
});
process.on("SIGTERM", () => process.kill(process.pid, "SIGKILL"));
receiver.listen().then(() => console.log(`listening on ${host}:${receiver.port}`));
