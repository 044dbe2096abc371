// node --test: in a folder where the package is installed. No message holds a text of the vectors: it may be a secret.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import * as logveil from "logveil";

// Under emulation a program cannot start itself anew: what can is said.
const NODE = process.env.LOGVEIL_NODE ?? process.execPath;

const require = createRequire(import.meta.url);
const SECRET = "hunter2" + "Tr0ub4dor";
const LINE = `login password=${SECRET} ok`;
const MASKED = "login password=[REDACTED:password] ok";
const folder = process.env.LOGVEIL_VECTORS;

const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
const clean = (text) => assert.equal(text.includes(SECRET), false, "it leaks");

async function text(stream) {
    const all = [];
    for await (const chunk of stream) all.push(chunk);
    return Buffer.concat(all);
}

test("the engine is the one that is expected", () => {
    const expected = process.env.LOGVEIL_EXPECTED;
    assert.equal(logveil.backend, expected);
    assert.equal(require("logveil").backend, expected);
    const said = (backend) => {
        const program = 'import("logveil").then(({ backend }) => console.log(backend), ({ message }) => console.log(message))';
        return spawnSync(NODE, ["-e", program], { encoding: "utf8", env: { ...process.env, LOGVEIL_BACKEND: backend } }).stdout;
    };
    assert.equal(said("wasm"), "wasm\n");
    assert.match(said("native"), expected === "native" ? /^native$/m : /^logveil has no native code here: .*@logveil\//);
    assert.match(said("fast"), /LOGVEIL_BACKEND/);
});

test("vectors", { skip: !folder }, () => {
    const { cases } = JSON.parse(readFileSync(join(folder, "vectors.json"), "utf8"));
    const redactor = new logveil.Redactor();
    assert.ok(cases.length > 500);
    for (const { name, input, output } of cases) {
        const [before, after] = [Buffer.from(input, "hex"), Buffer.from(output, "hex")];
        assert.ok(same(redactor.redact(before), after), `${name}: bytes`);
        assert.equal(redactor.redact(before) === before, same(before, after), `${name}: the same`);
        const stream = redactor.stream();
        const parts = [];
        for (let at = 0; at < before.length; at += 7) parts.push(stream.push(before.subarray(at, at + 7)));
        assert.ok(same(Buffer.concat([...parts, stream.finish()]), after), `${name}: a stream`);
        const string = before.toString();
        if (same(Buffer.from(string), before)) assert.ok(redactor.redact(string) === after.toString(), `${name}: a string`);
    }
});

test("drawn lines", { skip: !folder }, () => {
    const lines = (name) => readFileSync(join(folder, name)).toString("latin1").split("\n");
    const [before, after] = [lines("drawn.in"), lines("drawn.out")];
    assert.ok(before.length >= 1000 && before.length === after.length);
    before.forEach((line, n) => {
        const out = logveil.redact(Buffer.from(line, "latin1"));
        assert.ok(Buffer.from(out).toString("latin1") === after[n], `line ${n + 1}`);
    });
});

test("calls", () => {
    assert.equal(logveil.redact(LINE), MASKED);
    assert.deepEqual(logveil.redact(Buffer.from(LINE)), Buffer.from(MASKED));
    const bytes = new TextEncoder().encode("nothing");
    assert.equal(logveil.redact(bytes), bytes);
    for (const one of ["", "\ud800 alone", "ž\u{1F512}", "\ufeffmark", "a".repeat(3_000_000)]) assert.equal(logveil.redact(one), one);
    assert.equal(logveil.redact(`\ufeff\ud800 ${LINE}`), `\ufeff\ufffd ${MASKED}`);
    assert.deepEqual(logveil.findings(`ž\u{1F512} ${LINE}`), [{ start: 19, end: 19 + SECRET.length, rule: "password" }]);
    assert.throws(() => logveil.redact(7), TypeError);
    assert.throws(() => logveil.redact(new Uint16Array(7)), TypeError);
    const shared = new Uint8Array(new SharedArrayBuffer(LINE.length));
    shared.set(new TextEncoder().encode(LINE));
    assert.deepEqual(logveil.redact(shared), new TextEncoder().encode(MASKED));
    assert.deepEqual(logveil.redact(Buffer.from(`xx${LINE}xx`).subarray(2, -2)), Buffer.from(MASKED));
    assert.equal(require("logveil").redact(LINE), MASKED);
});

test("a text of any length is read whole", () => {
    // Around what an engine has at hand, with characters of one to four bytes at its border.
    for (const character of ["a", "ž", "€", "\u{1F512}"]) {
        for (let length = 16 * 1024 - 12; length <= 16 * 1024 + 4; length++) {
            const filler = "-".repeat(length - Buffer.byteLength(character)) + character;
            assert.ok(logveil.redact(`${filler} ${LINE}`) === `${filler} ${MASKED}`, `${length} bytes`);
            assert.ok(logveil.redact(filler) === filler);
        }
    }
});

test("workers have engines of their own", async () => {
    const program = `const { parentPort, workerData } = require("node:worker_threads");
        const { Redactor } = require("logveil");
        parentPort.postMessage(new Redactor({ mask: "stars" }).redact(workerData));`;
    const one = () => new Promise((done, failed) => {
        new Worker(program, { eval: true, workerData: LINE }).on("message", done).on("error", failed);
    });
    const all = await Promise.all(Array.from({ length: 8 }, one));
    for (const out of all) assert.equal(out, `login password=${"*".repeat(SECRET.length)} ok`);
    assert.equal(logveil.redact(LINE), MASKED);
});

test("what was let go is let go", async () => {
    const redactor = new logveil.Redactor();
    for (let i = 0; i < 3000; i++) redactor.stream().push("password=x");
    logveil.forget();
    assert.equal(redactor.redact(LINE), MASKED);
});

test("options", () => {
    const one = (options, line) => new logveil.Redactor(options).redact(line);
    assert.equal(one({ mask: "stars" }, "password=hunter2"), "password=*******");
    assert.equal(one({ maskFor: { card: "keep:6,4" } }, "card 4111 1111 1111 1111"), "card 411111******1111");
    assert.equal(one({ only: ["card"] }, "password=hunter2"), "password=hunter2");
    assert.equal(one({ known: { DB: "tr0ub4dor&3" } }, "q=tr0ub4dor%263"), "q=[REDACTED:known-value]");
    assert.throws(() => new logveil.Redactor({ only: "nobody" }), /`nobody`/);
    assert.throws(() => new logveil.Redactor({ masks: "x" }), /`masks`/);
    assert.throws(() => new logveil.Redactor({ known: { SHORT: "q8Z" } }), (error) => /SHORT/.test(error.message) && !/q8Z/.test(error.message));
});

test("values", () => {
    const value = { user: "bob", password: SECRET, list: [1, { api_key: "q8Zr1Lw0mXv93TbN" }], [Symbol.for("x")]: 1 };
    const out = logveil.redactValue(value);
    assert.equal(out.password, "[REDACTED:password]");
    assert.match(out.list[1].api_key, /^\[REDACTED:/);
    assert.equal(out[Symbol.for("x")], 1);
    assert.equal(value.password, SECRET);
    const none = { a: [1, null, "x"], f() {} };
    assert.equal(logveil.redactValue(none), none);
});

test("a key that is logged line by line", () => {
    const records = new logveil.Redactor().records();
    records.redact("-----BEGIN RSA PRIVATE" + " KEY-----");
    assert.equal(records.redact("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"), "[REDACTED:private-key]");
});

test("a transform", async () => {
    const out = new PassThrough();
    const whole = text(out);
    await pipeline(Readable.from([Buffer.from("a line\npass"), Buffer.from(`word=${SECRET}`)]), new logveil.RedactTransform(), out);
    assert.equal((await whole).toString(), "a line\npassword=[REDACTED:password]");
});

test("pino, as a destination and as a transport", async (t) => {
    let pino;
    try {
        pino = require("pino");
    } catch {
        return t.skip("pino is not installed");
    }
    const out = new PassThrough();
    const whole = text(out);
    const log = pino({}, logveil.pinoDestination(out));
    log.info({ password: SECRET, nested: { token: SECRET } }, LINE);
    log.error(new Error(`postgres://bob:${SECRET}@db/app`));
    out.end();
    const lines = (await whole).toString();
    clean(lines);
    assert.equal(JSON.parse(lines.split("\n")[0]).nested.token.startsWith("[REDACTED:"), true);
    const program = `const pino = require("pino");
        const log = pino(pino.transport({ target: "logveil/pino", options: { redactor: { mask: "text:GONE" } } }));
        log.info({ password: process.argv[1] }, "x");`;
    // pino looks for its transport beside the file that asks.
    writeFileSync("transport.cjs", program.replace("argv[1]", "argv[2]"));
    const ran = spawnSync(NODE, ["transport.cjs", SECRET], { encoding: "utf8" });
    clean(ran.stdout);
    assert.match(ran.stdout, /"password":"GONE"/);
});

test("winston", async (t) => {
    let winston;
    try {
        winston = require("winston");
    } catch {
        return t.skip("winston is not installed");
    }
    for (const last of [true, false]) {
        const out = new PassThrough();
        const whole = text(out);
        const formats = last ? [winston.format.json(), logveil.winstonFormat()] : [logveil.winstonFormat(), winston.format.json()];
        const log = winston.createLogger({
            format: winston.format.combine(winston.format.errors({ stack: true }), ...formats),
            transports: [new winston.transports.Stream({ stream: out })],
        });
        log.info(LINE, { password: SECRET, nested: { token: SECRET } });
        log.error(new Error(`postgres://bob:${SECRET}@db/app`));
        log.end();
        await new Promise((done) => log.on("finish", done));
        out.end();
        const lines = (await whole).toString();
        assert.equal(lines.split("\n").length, 3);
        clean(lines);
    }
});

test("console", () => {
    const program = `import { patchConsole } from "logveil"; const undo = patchConsole();
        console.log("password=%s", process.argv[1]); console.error({ password: process.argv[1] }); undo(); console.log("%d", 7);`;
    const ran = spawnSync(NODE, ["--input-type=module", "-e", program, SECRET], { encoding: "utf8" });
    clean(ran.stdout + ran.stderr);
    assert.equal(ran.stdout, "password=[REDACTED:password]\n7\n");
    assert.match(ran.stderr, /password: '\[REDACTED:password\]'/);
});

test("memory is flat", () => {
    const redactor = new logveil.Redactor();
    const calls = (n) => {
        for (let i = 0; i < n; i++) redactor.redact(LINE), redactor.redact("nothing here");
    };
    calls(20_000);
    const before = process.memoryUsage.rss();
    calls(480_000);
    assert.ok(process.memoryUsage.rss() - before < 32 << 20);
});

test("a module that traps is never asked again", async () => {
    const part = (name) => import(new URL(name, import.meta.resolve("logveil")));
    const [{ use, Redactor }, { Wasm }] = [await part("./core.js"), await part("./wasm.js")];
    // Exports memory and functions of the same names, each of which traps.
    const names = ["room", "answer", "answer_len", "redactor", "redact", "free"];
    const name = (text) => [text.length, ...new TextEncoder().encode(text)];
    const exports = [names.length + 1, ...name("memory"), 2, 0, ...names.flatMap((one) => [...name(one), 0, 0])];
    const sections = [[1, [1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f]], [3, [1, 0]], [5, [1, 0, 1]], [7, exports], [10, [1, 3, 0, 0, 0x0b]]];
    const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flatMap(([id, body]) => [id, body.length, ...body])];
    const engine = new Wasm(new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), {}));
    use(engine);
    assert.throws(() => new Redactor(), /at fault/);
    // Things that go when memory is collected end no program.
    engine.free(1);
});
