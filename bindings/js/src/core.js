// The engine: one WebAssembly module, one instance, one thread. What a platform has besides is built on this.

/** What stands in place of what could not be judged, as in the engine. */
export const UNJUDGED = "[REDACTED:unjudged]";

const FAULT = "logveil is at fault; the text could not be judged, so send nothing of it";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** A text has at most three bytes for each of its units. */
const BYTES_A_UNIT = 3;
const KEPT_BYTES_MAX = 1 << 20;

let engine = null;

class Engine {
    constructor(instance) {
        this.exports = instance.exports;
        this.room = new Uint8Array(0);
        this.dead = false;
        this.gone = new FinalizationRegistry((number) => this.ask("free", number));
    }

    /** A trap leaves the instance in the middle of something: it is never asked again. */
    ask(name, first, second) {
        if (this.dead) throw new Error(FAULT);
        try {
            return this.exports[name](first, second);
        } catch {
            this.dead = true;
            throw new Error(FAULT);
        }
    }

    reserve(n) {
        const { buffer } = this.exports.memory;
        const fits = n <= this.room.length && (this.room.length <= KEPT_BYTES_MAX || n > KEPT_BYTES_MAX);
        if (!fits || this.room.buffer !== buffer) {
            const size = Math.max(n, 4096);
            const at = this.ask("room", size);
            this.room = new Uint8Array(this.exports.memory.buffer, at >>> 0, size);
        }
    }

    /** Puts a text into the module and says how many bytes it has. */
    put(text) {
        if (typeof text === "string") {
            this.reserve(text.length * BYTES_A_UNIT);
            return encoder.encodeInto(text, this.room).written;
        }
        if (!(text instanceof Uint8Array)) throw new TypeError("a string or a Uint8Array is masked");
        this.reserve(text.length);
        this.room.set(text);
        return text.length;
    }

    /** The last answer, until the next call. */
    answer() {
        return new Uint8Array(this.exports.memory.buffer, this.ask("answer") >>> 0, this.ask("answer_len"));
    }

    take(like) {
        if (typeof like === "string") return decoder.decode(this.answer());
        const copy = this.answer().slice();
        return globalThis.Buffer?.isBuffer(like) ? globalThis.Buffer.from(copy.buffer) : copy;
    }

    masked(number, text) {
        const code = this.ask("redact", number, this.put(text));
        if (code < 0) throw new Error(FAULT);
        return code === 0 ? text : this.take(text);
    }

    keep(owner, number) {
        if (number === 0) throw new RangeError(`logveil: ${decoder.decode(this.answer())}`);
        this.gone.register(owner, number);
        return number;
    }
}

/** Takes an instance of the module; a platform's own file makes it: a browser may not wait for a large one. */
export function use(instance) {
    engine = new Engine(instance);
}

function ready() {
    if (engine === null) throw new Error("logveil is not loaded yet: await init() first");
    return engine;
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
        this.#number = this.#engine.keep(this, this.#engine.ask("redactor", this.#engine.put(text)));
    }

    /** The text with its secrets masked: the same string or array if it holds none. */
    redact(text) {
        return this.#engine.masked(this.#number, text);
    }

    /** Where the secrets are, and which rules say so. */
    findings(text) {
        const size = this.#engine.put(text);
        if (this.#engine.ask("findings", this.#number, size) < 0) throw new Error(FAULT);
        const lines = decoder.decode(this.#engine.answer()).split("\n").slice(0, -1);
        // The memory may have grown, and be another one.
        const { byteOffset } = this.#engine.room;
        const input = new Uint8Array(this.#engine.exports.memory.buffer, byteOffset, size);
        const place = (byte) => (typeof text === "string" ? decoder.decode(input.subarray(0, byte)).length : byte);
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
        return new Records(this.#engine, this.#engine.ask("records", this.#number));
    }

    /** Bytes that come in pieces. */
    stream() {
        return new Stream(this.#engine, this.#engine.ask("stream", this.#number));
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
        [this.#engine, this.#number] = [engine, engine.keep(this, number)];
    }

    redact(record) {
        return this.#engine.masked(this.#number, record);
    }
}

export class Stream {
    #engine;
    #number;

    constructor(engine, number) {
        [this.#engine, this.#number] = [engine, engine.keep(this, number)];
    }

    /** Takes the next bytes and returns what may leave. */
    push(bytes) {
        if (this.#engine.ask("push", this.#number, this.#engine.put(bytes)) < 0) throw new Error(FAULT);
        return this.#engine.answer().slice();
    }

    /** Ends the stream: the last line leaves, newline or not. */
    finish() {
        if (this.#engine.ask("finish", this.#number) < 0) throw new Error(FAULT);
        return this.#engine.answer().slice();
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

/** Overwrites what the instance remembers of its input. */
export function forget() {
    ready().ask("forget");
}
