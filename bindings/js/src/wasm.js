// The engine as WebAssembly: one module, one instance, one thread.
import { FAULT } from "./core.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** A text has at most three bytes for each of its units. */
const BYTES_A_UNIT = 3;
const KEPT_BYTES_MAX = 1 << 20;

/** An engine as `core.js` asks for one. */
export class Wasm {
    #exports;
    #room = new Uint8Array(0);
    #dead = false;

    constructor(instance) {
        this.#exports = instance.exports;
    }

    /** A number, or why there is none. */
    redactor(options) {
        const number = this.#ask("redactor", this.#put(options));
        return number === 0 ? decoder.decode(this.#answer()) : number;
    }

    records(redactor) {
        return this.#ask("records", redactor);
    }

    stream(redactor) {
        return this.#ask("stream", redactor);
    }

    redact(number, text) {
        const code = this.#ask("redact", number, this.#put(text));
        return this.#sure(code) === 0 ? text : typeof text === "string" ? decoder.decode(this.#answer()) : this.#answer().slice();
    }

    findings(redactor, bytes) {
        this.#sure(this.#ask("findings", redactor, this.#put(bytes)));
        return decoder.decode(this.#answer());
    }

    push(stream, bytes) {
        this.#sure(this.#ask("push", stream, this.#put(bytes)));
        return this.#answer().slice();
    }

    finish(stream) {
        this.#sure(this.#ask("finish", stream));
        return this.#answer().slice();
    }

    free(number) {
        if (!this.#dead) this.#ask("free", number);
    }

    forget() {
        this.#ask("forget");
    }

    /** A trap leaves the instance in the middle of something: it is never asked again. */
    #ask(name, first, second) {
        if (this.#dead) throw new Error(FAULT);
        try {
            return this.#exports[name](first, second);
        } catch {
            this.#dead = true;
            throw new Error(FAULT);
        }
    }

    #sure(code) {
        if (code < 0) throw new Error(FAULT);
        return code;
    }

    #reserve(n) {
        const { buffer } = this.#exports.memory;
        const fits = n <= this.#room.length && (this.#room.length <= KEPT_BYTES_MAX || n > KEPT_BYTES_MAX);
        if (!fits || this.#room.buffer !== buffer) {
            const size = Math.max(n, 4096);
            const at = this.#ask("room", size);
            this.#room = new Uint8Array(this.#exports.memory.buffer, at >>> 0, size);
        }
    }

    /** Puts a text into the module and says how many bytes it has. */
    #put(text) {
        if (typeof text === "string") {
            this.#reserve(text.length * BYTES_A_UNIT);
            return encoder.encodeInto(text, this.#room).written;
        }
        this.#reserve(text.length);
        this.#room.set(text);
        return text.length;
    }

    /** The last answer, until the next call. */
    #answer() {
        return new Uint8Array(this.#exports.memory.buffer, this.#ask("answer") >>> 0, this.#ask("answer_len"));
    }
}
