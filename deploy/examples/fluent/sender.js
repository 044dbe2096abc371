// Sends events with secrets in them and ends when all of them are acknowledged.
//
//   node sender.js HOST:PORT [COUNT [MODE [FIRST]]]
//
// MODE is Message, Forward, PackedForward or CompressedPackedForward. With SHARED_KEY in the environment it shows that
// it knows the key; with CA (a PEM file) it speaks TLS.
const fs = require("fs");
const { FluentClient } = require("@fluent-org/logger");

const [address, count = "10", mode = "PackedForward", first = "0"] = process.argv.slice(2);
const [host, port] = address.split(":");
// Made up, and in two parts, so that nobody takes it for one that is in use.
const secret = process.env.SECRET || "hunter2" + "Xq9Lw";

function record(n) {
  return {
    n,
    message: `login user=alice password=${secret} from 203.0.113.9`,
    dbPassword: secret,
    request: { headers: { authorization: `Bearer ${secret}` }, DB_PASSWORD: secret, size: 17 },
    raw: Buffer.from(`password=${secret}`),
    card: 4111111111111111,
    tags: ["web", "password: " + secret],
    ok: true,
    none: null,
  };
}

const client = new FluentClient("app", {
  eventMode: mode,
  socket: {
    host,
    port: Number(port),
    timeout: -1,
    reconnect: { delay: 50, minDelay: 50, maxDelay: 500 },
    ...(process.env.CA ? { tls: { ca: fs.readFileSync(process.env.CA), servername: "logveil.test" } } : {}),
  },
  security: process.env.SHARED_KEY
    ? { clientHostname: "sender.test", sharedKey: process.env.SHARED_KEY }
    : undefined,
  // Longer than any restart behind logveil: what is late is not sent twice.
  ack: { ackTimeout: 300000 },
  flushInterval: 20,
  sendQueueIntervalFlushLimit: { length: 500 },
  eventRetry: { attempts: 100, minDelay: 100, maxDelay: 1000 },
});

async function main() {
  let acknowledged = [];
  for (let n = Number(first); n < Number(first) + Number(count); n++) {
    acknowledged.push(client.emit("web", record(n)));
    if (acknowledged.length === 5000) {
      await Promise.all(acknowledged);
      acknowledged = [];
    }
  }
  await Promise.all(acknowledged);
  console.log(`${count} events are acknowledged`);
  await client.disconnect();
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
