// A transport for pino, in its worker: pino.transport({ target: "logveil/pino", options: { destination: 1, mask: "stars" } })
import { createWriteStream } from "node:fs";
import { Redactor, RedactTransform } from "./node.js";

export default async function transport({ destination = 1, ...options } = {}) {
    const through = new RedactTransform(new Redactor(options));
    const to = typeof destination === "number" ? createWriteStream(null, { fd: destination, autoClose: false }) : createWriteStream(destination, { flags: "a" });
    through.pipe(to);
    // pino ends its transport and waits for this to have written everything.
    through.on("end", () => to.end());
    return through;
}
