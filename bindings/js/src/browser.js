// Browsers, Deno, isolates on the edge: the module is loaded first.
import { use } from "./core.js";

export { Records, Redactor, Stream, UNJUDGED, forget } from "./core.js";

/**
 * Loads the engine: from beside this file, from an address, a response, bytes, or a module that is compiled already, as isolates
 * import it.
 */
export async function init(source = new URL("./logveil.wasm", import.meta.url)) {
    const given = await source;
    if (given instanceof WebAssembly.Module) return use(given);
    if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return use(await WebAssembly.compile(given));
    const response = given instanceof Response ? given : await fetch(given);
    use(await WebAssembly.compile(await response.arrayBuffer()));
}
