// A transport for pino, in its worker: pino.transport({ target: "logveil/pino", options: { destination: 1, redactor: { mask: "stars" } } })
import { createWriteStream } from "node:fs";
import { Writable } from "node:stream";
import { Redactor } from "./node.js";

export default async function transport({ destination = 1, redactor = {} } = {}) {
    const stream = new Redactor(redactor).stream();
    const file = typeof destination === "number" ? { fd: destination, autoClose: false } : { flags: "a" };
    const to = createWriteStream(typeof destination === "number" ? null : destination, file);
    // The worker ends when this closes, which is when everything was written.
    return new Writable({
        write(chunk, _, done) {
            const out = stream.push(chunk);
            if (out.length > 0) to.write(out, done);
            else done();
        },
        final(done) {
            to.end(stream.finish(), done);
        },
    });
}
