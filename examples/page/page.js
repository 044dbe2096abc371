// Beside this file: browser.js, core.js and logveil.wasm of the package.
import { Redactor, init } from "./browser.js";

const [log, said, masked, why] = ["log", "said", "masked", "why"].map((id) => document.getElementById(id));
/** More rows help nobody. */
const ROWS_MAX = 500;

await init();
const redactor = new Redactor();

/** The text as it would leave, with a mark around each mask: it stands where the finding was, in one of the ways that masks are written. */
function show(text) {
    const [left, findings] = [redactor.redact(text), redactor.findings(text)];
    masked.replaceChildren();
    let [at, from] = [0, 0];
    for (const { start, end, rule } of findings) {
        const begin = at + start - from;
        const label = [`[REDACTED:${rule}]`, `REDACTED-${rule}`].find((one) => left.startsWith(one, begin));
        if (label === undefined) break;
        const mark = document.createElement("mark");
        mark.textContent = label;
        masked.append(left.slice(at, begin), mark);
        [at, from] = [begin + label.length, end];
    }
    masked.append(left.slice(at));
    const rows = findings.slice(0, ROWS_MAX).map(({ start, end, rule }) => {
        const row = document.createElement("tr");
        const line = text.slice(0, start).split("\n").length;
        for (const cell of [line, rule, new TextEncoder().encode(text.slice(start, end)).length]) {
            row.insertCell().textContent = cell;
        }
        return row;
    });
    why.replaceChildren(...rows);
    why.closest("table").hidden = rows.length === 0;
    const count = findings.length === 1 ? "1 secret" : `${findings.length} secrets`;
    said.textContent = text === "" ? "Ready." : `${count} found.`;
}

let waits;
log.addEventListener("input", () => {
    cancelAnimationFrame(waits);
    waits = requestAnimationFrame(() => show(log.value));
});
show(log.value);
