// What the engine gives, on every platform: rules and masks, records, streams. The engine itself is one of two, of the same
// functions: WebAssembly (`wasm.js`) or native code (`native.js`). Things are numbers there, and none is 0.

/** What stands in place of what could not be judged, as in the engine. */
export const UNJUDGED = "[REDACTED:unjudged]";
/** Why an engine throws that must not be believed. */
export const FAULT = "logveil is at fault; the text could not be judged, so send nothing of it";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

let engine = null;
const gone = new FinalizationRegistry(([of, number]) => of.free(number));

/** Takes an engine; a platform's own file makes it: a browser may not wait for a large module. */
export function use(made) {
    engine = made;
}

function ready() {
    if (engine === null) throw new Error("logveil is not loaded yet: await init() first");
    return engine;
}

/** A number that the engine lets go when its owner goes. */
function kept(owner, of, number) {
    gone.register(owner, [of, number]);
    return number;
}

function maskable(text) {
    if (typeof text !== "string" && !(text instanceof Uint8Array)) throw new TypeError("a string or a Uint8Array is masked");
    return text;
}

/** What is left of a text: the same if it was clean, else of the kind that it was. */
function masked(of, number, text) {
    const left = of.redact(number, maskable(text));
    return left === text || typeof text === "string" ? left : likewise(text, left);
}

function likewise(bytes, left) {
    const { Buffer } = globalThis;
    if (Buffer?.isBuffer(bytes)) return Buffer.from(left.buffer, left.byteOffset, left.length);
    return new Uint8Array(left.buffer, left.byteOffset, left.length);
}

function several(value) {
    return value === undefined ? [] : typeof value === "string" ? [value] : [...value];
}

function pairs(options) {
    const { only, except, with: also, mask, maskFor = {}, hashKey, minLikelihood, keepSamples, numberZero, known = {}, ...rest } = options;
    for (const name of Object.keys(rest)) throw new TypeError(`there is no option \`${name}\``);
    const all = [];
    for (const [name, values] of Object.entries({ only, except, with: also, mask, "min-likelihood": minLikelihood })) {
        for (const value of several(values)) all.push(name, value);
    }
    for (const [name, one] of Object.entries(maskFor)) all.push("mask", `${name}=${one}`);
    if (hashKey !== undefined) all.push("hash-key", hashKey);
    if (keepSamples) all.push("keep-samples", "true");
    if (numberZero) all.push("number-zero", "true");
    for (const [name, value] of Object.entries(known)) all.push("known", `${name}=${value}`);
    for (const one of all) {
        if (typeof one !== "string" || one.includes("\0")) throw new TypeError("options are texts without NUL");
    }
    return all;
}

/** Rules and masks. */
export class Redactor {
    #engine = ready();
    #number;

    constructor(options = {}) {
        const text = pairs(options).map((one) => `${one}\0`).join("");
        const number = this.#engine.redactor(text);
        if (typeof number === "string") throw new RangeError(`logveil: ${number}`);
        this.#number = kept(this, this.#engine, number);
    }

    /** The text with its secrets masked: the same string or array if it holds none. */
    redact(text) {
        return masked(this.#engine, this.#number, text);
    }

    /** Where the secrets are, and which rules say so. */
    findings(text) {
        const bytes = typeof text === "string" ? encoder.encode(text) : maskable(text);
        const place = (byte) => (typeof text === "string" ? decoder.decode(bytes.subarray(0, byte)).length : byte);
        const lines = this.#engine.findings(this.#number, bytes).split("\n").slice(0, -1);
        return lines.map((line) => {
            const [start, end, rule] = line.split(" ");
            return { start: place(Number(start)), end: place(Number(end)), rule };
        });
    }

    /** A copy of a value with its secrets masked by the keys they stand behind: the same value if it holds none. */
    redactValue(value) {
        if (typeof value === "string" || value instanceof Uint8Array) return this.redact(value);
        const line = JSON.stringify(value, (_, one) => (typeof one === "bigint" ? String(one) : one));
        if (line === undefined) return value;
        const masked = this.redact(line);
        return masked === line ? value : adopted(value, JSON.parse(line), JSON.parse(masked));
    }

    /** The records of one log: what one leaves open, such as a key that is logged line by line, is asked in the next. */
    records() {
        return new Records(this.#engine, this.#engine.records(this.#number));
    }

    /** Bytes that come in pieces. */
    stream() {
        return new Stream(this.#engine, this.#engine.stream(this.#number));
    }
}

/** Takes over what differs between what a value says of itself and what was left of it. */
function adopted(value, was, left) {
    if (JSON.stringify(was) === JSON.stringify(left)) return value;
    if (Array.isArray(was) && Array.isArray(left) && Array.isArray(value) && was.length === left.length) {
        return was.map((one, i) => adopted(value[i], one, left[i]));
    }
    const names = (object) => (object !== null && typeof object === "object" && !Array.isArray(object) ? Object.keys(object) : null);
    const [own, other] = [names(was), names(left)];
    if (own === null || other === null || own.length !== other.length || typeof value?.toJSON === "function") return left;
    // Symbols, too: loggers hang their own on what they hand around.
    const copy = {};
    for (const name of Reflect.ownKeys(value)) if (!own.includes(name)) copy[name] = value[name];
    own.forEach((name, i) => (copy[other[i]] = adopted(value[name], was[name], left[other[i]])));
    return copy;
}

export class Records {
    #engine;
    #number;

    constructor(engine, number) {
        [this.#engine, this.#number] = [engine, kept(this, engine, number)];
    }

    redact(record) {
        return masked(this.#engine, this.#number, record);
    }
}

export class Stream {
    #engine;
    #number;

    constructor(engine, number) {
        [this.#engine, this.#number] = [engine, kept(this, engine, number)];
    }

    /** Takes the next bytes and returns what may leave. */
    push(bytes) {
        return this.#engine.push(this.#number, maskable(bytes));
    }

    /** Ends the stream: the last line leaves, newline or not. */
    finish() {
        return this.#engine.finish(this.#number);
    }
}

/** Masks the records of one log, whatever they are; never throws, and lets nothing go that was not judged. */
export function neverThrowing(redactor) {
    const records = redactor.records();
    return (record) => {
        try {
            return typeof record === "string" || record instanceof Uint8Array ? records.redact(record) : redactor.redactValue(record);
        } catch {
            return UNJUDGED;
        }
    };
}

/** Overwrites what this thread's engine remembers of its input. */
export function forget() {
    ready().forget();
}
