// Puts the package together: node build.js LOGVEIL.wasm [DIST]. No tool is needed but Node.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [wasm, dist = join(here, "dist")] = process.argv.slice(2);
mkdirSync(dist, { recursive: true });
copyFileSync(wasm, join(dist, "logveil.wasm"));

const read = (name) => readFileSync(join(here, "src", name), "utf8");
// One source: what `import` reads is written as it is, what `require` reads is made of it.
function common(source) {
    const names = [...source.matchAll(/^export (?:class|(?:async )?function|const|let) (\w+)/gm)].map((match) => match[1]);
    const given = [...source.matchAll(/^export \{ ([\w, ]+) \}/gm)].flatMap((match) => match[1].split(", "));
    const body = source
        .replace(/^export \{[^}]*\} from "\.\/(\w+)\.js";$/gm, 'Object.assign(module.exports, require("./$1.cjs"));')
        .replace(/^import \{ ([^}]+) \} from "\.\/(\w+)\.js";$/gm, 'const { $1 } = require("./$2.cjs");')
        .replace(/^import (\{ [^}]+ \}|\w+) from "(node:[\w/]+)";$/gm, 'const $1 = require("$2");')
        .replace(/^export default /gm, "module.exports = ")
        .replace(/^export (class|async function|function|const|let) /gm, "$1 ")
        .replaceAll("import.meta.url", 'require("node:url").pathToFileURL(__filename).href');
    const own = names.filter((name) => !given.includes(name));
    return `"use strict";\n${body}${own.length ? `Object.assign(module.exports, { ${own.join(", ")} });\n` : ""}`;
}
for (const name of ["core", "native", "node", "wasm"]) {
    writeFileSync(join(dist, `${name}.js`), read(`${name}.js`));
    writeFileSync(join(dist, `${name}.cjs`), common(read(`${name}.js`)));
}
writeFileSync(join(dist, "browser.js"), read("browser.js"));
writeFileSync(join(dist, "pino.cjs"), common(read("pino.js")));
