// Browsers, Deno, isolates on the edge: the module is loaded first.
import { use } from "./core.js";
import { Wasm } from "./wasm.js";

export { Records, Redactor, Stream, UNJUDGED, forget } from "./core.js";

/**
 * Loads the engine: from beside this file, from an address, a response, bytes, or a module that is compiled already, as isolates
 * import it.
 */
export async function init(source = new URL("./logveil.wasm", import.meta.url)) {
    const given = await source;
    if (given instanceof WebAssembly.Module) return use(new Wasm(await WebAssembly.instantiate(given, {})));
    const response = () => (given instanceof Response ? given : fetch(given));
    const bytes = given instanceof ArrayBuffer || ArrayBuffer.isView(given) ? given : await (await response()).arrayBuffer();
    use(new Wasm((await WebAssembly.instantiate(bytes, {})).instance));
}
