// A sender of Node's that people use, run by doors_more.py: node senders.js KIND ADDRESS COUNT; the secret is in SECRET.
const [kind, address, count] = process.argv.slice(2);
const secret = process.env.SECRET;

// What is logged: of every ten events the tenth has no secret.
function event(n) {
  if (n % 10 === 9) return [`GET /item/${n} 200`, { n, "http.route": "/item/{id}", ok: true }];
  return [`login n=${n} user=alice pass` + `word=${secret} from 203.0.113.9`, { n, ["db.pass" + "word"]: secret, ok: true }];
}

// By OpenTelemetry's SDK.
async function otlp(exporter) {
  const { LoggerProvider, BatchLogRecordProcessor } = require("@opentelemetry/sdk-logs");
  const { resourceFromAttributes } = require("@opentelemetry/resources");
  const processor = new BatchLogRecordProcessor({ exporter, maxQueueSize: Number(count) + 256, maxExportBatchSize: 256 });
  const resource = resourceFromAttributes({ "service.name": "shop", api_key: secret });
  const provider = new LoggerProvider({ resource, processors: [processor] });
  const logger = provider.getLogger("doors");
  for (let n = 0; n < count; n++) {
    const [body, attributes] = event(n);
    logger.emit({ severityNumber: 9, severityText: "INFO", body, attributes });
  }
  await provider.forceFlush();
  await provider.shutdown();
}

function overHttp(name, compression) {
  const { OTLPLogExporter } = require("@opentelemetry/exporter-logs-otlp-" + name);
  return otlp(new OTLPLogExporter({ url: `http://${address}/v1/logs`, compression }));
}

function overGrpc(compression) {
  const { OTLPLogExporter } = require("@opentelemetry/exporter-logs-otlp-grpc");
  return otlp(new OTLPLogExporter({ url: `http://${address}`, compression }));
}

async function elastic(compression) {
  const { Client } = require("@elastic/elasticsearch");
  const auth = { username: "elastic", password: "changeme" };
  const client = new Client({ node: `http://${address}`, auth, compression });
  const datasource = Array.from({ length: Number(count) }, (_, n) => ({ message: event(n)[0], ...event(n)[1] }));
  const onDocument = () => ({ index: { _index: "logs" } });
  const done = await client.helpers.bulk({ datasource, onDocument, flushBytes: 100_000 });
  if (done.successful !== Number(count)) throw new Error(`${done.successful} of ${count} documents`);
  await client.close();
}

async function loki(json) {
  const winston = require("winston");
  const LokiTransport = require("winston-loki");
  const transport = new LokiTransport({
    host: `http://${address}`,
    json,
    interval: 1,
    labels: { app: "shop" },
    format: winston.format.json(),
    onConnectionError: error => { console.error(error); process.exit(1); },
  });
  const logger = winston.createLogger({ transports: [transport] });
  for (let n = 0; n < count; n++) logger.info(...event(n));
  await new Promise(resolve => setImmediate(resolve));
  await transport.flush();
  process.exit(0);
}

const KINDS = {
  "json-none": () => overHttp("http", "none"),
  "json-gzip": () => overHttp("http", "gzip"),
  "proto-none": () => overHttp("proto", "none"),
  "proto-gzip": () => overHttp("proto", "gzip"),
  "grpc-none": () => overGrpc("none"),
  "grpc-gzip": () => overGrpc("gzip"),
  "elastic-none": () => elastic(false),
  "elastic-gzip": () => elastic(true),
  "loki-json": () => loki(true),
  "loki-proto": () => loki(false),
};

KINDS[kind]().catch(error => {
  console.error(error);
  process.exit(1);
});
