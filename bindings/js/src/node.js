// Node: the engine is loaded with the package, and stands in front of what programs log through.
import { readFileSync, createWriteStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { Transform } from "node:stream";
import { format } from "node:util";
import { Redactor, neverThrowing, use } from "./core.js";
import { native } from "./native.js";
import { Wasm } from "./wasm.js";

export { Records, Redactor, Stream, UNJUDGED, forget } from "./core.js";

/** Native code where the platform has it, else WebAssembly; `LOGVEIL_BACKEND` asks for one of them. */
function chosen(wanted = "") {
    if (!["", "native", "wasm"].includes(wanted)) throw new RangeError("LOGVEIL_BACKEND is `native`, `wasm` or not set");
    const found = wanted === "wasm" ? "" : native();
    if (typeof found !== "string") return found;
    if (wanted === "native") throw new Error(`logveil has no native code here: ${found}`);
    const compiled = new WebAssembly.Module(readFileSync(fileURLToPath(new URL("logveil.wasm", import.meta.url))));
    return new Wasm(new WebAssembly.Instance(compiled, {}));
}

const engine = chosen(process.env.LOGVEIL_BACKEND);
use(engine);

/** What the engine is here. */
export const backend = engine instanceof Wasm ? "wasm" : "native";

const builtin = new Redactor();

/** The built-in rules. */
export function redact(text) {
    return builtin.redact(text);
}

export function redactValue(value) {
    return builtin.redactValue(value);
}

export function findings(text) {
    return builtin.findings(text);
}

/** Loaded with the package; here for programs that run in browsers, too. */
export async function init() {}

/** Masks what flows through it: whole lines leave with the chunk that completes them. */
export class RedactTransform extends Transform {
    #stream;

    constructor(redactor = builtin, options = {}) {
        super(options);
        this.#stream = redactor.stream();
    }

    _transform(chunk, encoding, done) {
        try {
            const out = this.#stream.push(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk);
            done(null, out.length > 0 ? Buffer.from(out.buffer, out.byteOffset, out.length) : undefined);
        } catch (error) {
            done(error);
        }
    }

    _flush(done) {
        try {
            const out = this.#stream.finish();
            done(null, out.length > 0 ? Buffer.from(out.buffer, out.byteOffset, out.length) : undefined);
        } catch (error) {
            done(error);
        }
    }
}

function writable(destination) {
    if (typeof destination === "number") return createWriteStream(null, { fd: destination, autoClose: false });
    return typeof destination === "string" ? createWriteStream(destination, { flags: "a" }) : destination;
}

/** A destination for pino, line by line: `pino(options, pinoDestination(process.stdout))`. */
export function pinoDestination(destination = process.stdout, redactor = builtin) {
    const [to, masked] = [writable(destination), neverThrowing(redactor)];
    return {
        write(line) {
            const out = masked(line);
            // What could not be judged is a line all the same.
            return to.write(out.endsWith("\n") ? out : `${out}\n`);
        },
    };
}

/** A format for winston; put it last, or before the one that makes the text. */
export function winstonFormat(redactor = builtin) {
    const text = Symbol.for("message");
    const masked = neverThrowing(redactor);
    return {
        transform(info) {
            const out = masked(info);
            if (typeof out === "string") return { level: info.level, message: out, [Symbol.for("level")]: info.level, [text]: out };
            // An error's own text is no member that JSON writes.
            const copy = out === info ? info : out;
            if (typeof copy.message === "string") copy.message = masked(copy.message);
            if (typeof copy.stack === "string") copy.stack = masked(copy.stack);
            if (typeof copy[text] === "string") copy[text] = masked(copy[text]);
            return copy;
        },
    };
}

/** Masks what `console` writes; what it returns takes that back. */
export function patchConsole(redactor = builtin) {
    const was = {};
    for (const name of ["debug", "error", "info", "log", "trace", "warn"]) {
        const [inner, masked] = [console[name], neverThrowing(redactor)];
        was[name] = inner;
        console[name] = (...values) => inner.call(console, "%s", masked(format(...values)));
    }
    return () => Object.assign(console, was);
}
