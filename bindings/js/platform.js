// Puts together what a platform needs beside the package: node platform.js LIBRARY linux-x64-gnu FOLDER.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [library, platform, folder] = process.argv.slice(2);
const whole = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const name = `@logveil/${platform}`;
if (!(name in whole.optionalDependencies)) throw new RangeError(`package.json knows no ${name}`);
const [os, cpu, libc] = platform.split("-");
mkdirSync(folder, { recursive: true });
copyFileSync(library, join(folder, "logveil.node"));
for (const licence of ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(join(here, licence), join(folder, licence));
const { version, license, engines } = whole;
const made = { name, version, description: `logveil's native code for ${platform}`, license, engines, main: "logveil.node", os: [os], cpu: [cpu] };
if (os === "linux") made.libc = [libc === "gnu" ? "glibc" : libc];
writeFileSync(join(folder, "package.json"), JSON.stringify({ ...made, files: ["logveil.node", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT"] }, null, 2));
