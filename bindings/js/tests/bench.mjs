// node bench.mjs: a line, blocks, and pino with and without, in one run.
import { createRequire } from "node:module";
import { Redactor, backend, pinoDestination } from "logveil";

const CLEAN = "2026-11-28T10:15:30.123Z INFO  request served method=GET path=/api/v1/items status=200 took=12ms user=alice";
const SECRET = "2026-11-28T10:15:30.123Z INFO  login method=POST path=/api/v1/login password=hunter2 status=200 user=alice";

/** Nanoseconds of processor time a call, the best of nine. */
function best(f, count) {
    let least = Infinity;
    for (let round = 0; round < 9; round++) {
        const begin = process.cpuUsage();
        for (let i = 0; i < count; i++) f();
        const { user, system } = process.cpuUsage(begin);
        least = Math.min(least, ((user + system) * 1000) / count);
    }
    return least;
}

const redactor = new Redactor();
console.log(`${backend}: a line: clean ${best(() => redactor.redact(CLEAN), 50000).toFixed(0)} ns, secret ${best(() => redactor.redact(SECRET), 10000).toFixed(0)} ns`);
const block = Buffer.from(`${CLEAN}\n`.repeat(600));
const stream = redactor.stream();
console.log(`${backend}: blocks: ${((block.length / best(() => stream.push(block), 200)) * 1000).toFixed(0)} MB/s`);
try {
    const pino = createRequire(import.meta.url)("pino");
    const nowhere = { write: (line) => line.charCodeAt(line.length - 1) };
    const plain = pino({}, nowhere);
    const masked = pino({}, pinoDestination({ write: nowhere.write }));
    const [without, with_] = [plain, masked].map((log) => best(() => log.info({ user: "alice", n: 7 }, "request served"), 20000));
    console.log(`${backend}: pino: ${without.toFixed(0)} ns, masked ${with_.toFixed(0)} ns: ${(with_ / without).toFixed(2)} times`);
} catch {
    console.log("pino is not installed");
}
