import type { Transform, TransformOptions, Writable } from "node:stream";

export interface Options {
    only?: string | Iterable<string>;
    except?: string | Iterable<string>;
    with?: string | Iterable<string>;
    /** `label`, `stars`, `keep:2,4`, `hash` (with `hashKey`), `remove`, `text:GONE`. */
    mask?: string | Iterable<string>;
    maskFor?: Record<string, string>;
    hashKey?: string;
    /** `possible`, `likely`, `very-likely`, or `NAME=...`. */
    minLikelihood?: string | Iterable<string>;
    keepSamples?: boolean;
    numberZero?: boolean;
    /** Secrets that are known, by a name for messages: masked wherever they stand, in all encodings. */
    known?: Record<string, string>;
}

export interface Finding {
    start: number;
    end: number;
    rule: string;
}

export class Redactor {
    constructor(options?: Options);
    /** The same string or array if it holds no secret. */
    redact<T extends string | Uint8Array>(text: T): T;
    redactValue<T>(value: T): T;
    findings(text: string | Uint8Array): Finding[];
    records(): Records;
    stream(): Stream;
}

export class Records {
    private constructor();
    redact<T extends string | Uint8Array>(record: T): T;
}

export class Stream {
    private constructor();
    push(bytes: string | Uint8Array): Uint8Array;
    finish(): Uint8Array;
}

export const UNJUDGED: string;
export function forget(): void;
/** In browsers it must have been awaited before anything else is called. */
export function init(source?: URL | string | Response | Promise<Response> | BufferSource | WebAssembly.Module): Promise<void>;

// Node alone:
/** Native code where the platform has it; `LOGVEIL_BACKEND=wasm` or `=native` asks for one. */
export const backend: "native" | "wasm";
export function redact<T extends string | Uint8Array>(text: T): T;
export function redactValue<T>(value: T): T;
export function findings(text: string | Uint8Array): Finding[];
export class RedactTransform extends Transform {
    constructor(redactor?: Redactor, options?: TransformOptions);
}
export function pinoDestination(destination?: number | string | Writable, redactor?: Redactor): { write(line: string): boolean };
export function winstonFormat(redactor?: Redactor): { transform(info: any): any };
export function patchConsole(redactor?: Redactor): () => void;
