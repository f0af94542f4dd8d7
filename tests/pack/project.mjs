// A project of its own, outside of the tree's packages, with the packed file installed as a user would.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const packs = join(root, "target/pack");

/** Makes `target/pack/<name>` from `tests/pack/<name>`, where there is such a folder, and installs the package. */
export function install(name) {
  const folder = join(packs, name);
  const fixture = join(root, "tests/pack", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (existsSync(fixture)) {
    cpSync(fixture, folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
    npm(folder, "ci", "--no-audit", "--no-fund");
  } else {
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  }
  npm(folder, "install", "--no-save", "--no-audit", "--no-fund", packed());
  return {
    folder,
    /** Runs a module in Node and gives back what it prints; a word on stderr is an error. */
    node: (script) => run(folder, process.execPath, "--input-type=module", "--eval", script).trim(),
    npm: (...args) => npm(folder, ...args),
  };
}

function packed() {
  if (process.env.TRIPTYCH_PACKED) return resolve(process.env.TRIPTYCH_PACKED);
  const file = existsSync(packs) && readdirSync(packs).find((name) => name.endsWith(".tgz"));
  if (!file) throw new Error("nothing is packed; `cargo xtask dist` does it");
  return join(packs, file);
}

function npm(folder, ...args) {
  return run(folder, process.platform === "win32" ? "npm.cmd" : "npm", ...args);
}

function run(cwd, program, ...args) {
  return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
