// The engine as native code, from the package of the platform.
import { createRequire } from "node:module";
import { FAULT } from "./core.js";

const load = createRequire(import.meta.url);
const { version } = load("../package.json");

/** Packages that may have it: npm installs those of the platform, and of its C library where it knows of that. */
function packages() {
    const platform = `@logveil/${process.platform}-${process.arch}`;
    return process.platform === "linux" ? [`${platform}-gnu`, `${platform}-musl`] : [platform];
}

/** An engine as `core.js` asks for one, or why there is none. */
export function native() {
    const whys = [];
    for (const name of packages()) {
        try {
            const other = load(`${name}/package.json`).version;
            if (other === version) return new Native(load(name));
            whys.push(`${name} is ${other}, not ${version}`);
        } catch (error) {
            whys.push(error.message.split("\n")[0]);
        }
    }
    return whys.join("; ");
}

/** The add-on answers `null` where nothing must leave. */
function sure(answer) {
    if (answer == null) throw new Error(FAULT);
    return answer;
}

class Native {
    #addon;

    constructor(addon) {
        this.#addon = addon;
    }

    redactor(options) {
        return sure(this.#addon.redactor(options));
    }

    records(redactor) {
        return sure(this.#addon.records(redactor));
    }

    stream(redactor) {
        return sure(this.#addon.stream(redactor));
    }

    redact(number, text) {
        return sure(this.#addon.redact(number, text));
    }

    findings(redactor, bytes) {
        return sure(this.#addon.findings(redactor, bytes));
    }

    push(stream, bytes) {
        return sure(this.#addon.push(stream, bytes));
    }

    finish(stream) {
        return sure(this.#addon.finish(stream));
    }

    free(number) {
        this.#addon.free(number);
    }

    forget() {
        this.#addon.forget();
    }
}
