// Parts of the widget's own module that come when they are needed. They work on the memory and the functions of the
// instance that asks for them.
import start, { initSync } from "./triptych_bindings.js";
import { FILES } from "./files.js";

/** @typedef {WebAssembly.ModuleImports & { __indirect_function_table: WebAssembly.Table }} Instance */

/** Where the page says that the module is. */
let module = "";
/** @type {Record<string, Promise<WebAssembly.Module> | undefined>} */
const compiled = {};
/** @typedef {{ parts: Set<string>, files: Record<string, Promise<unknown>> }} Added */

/**
 * What each instance has: an instance that takes the place of another begins with nothing.
 *
 * @type {WeakMap<Instance, Added>}
 */
const added = new WeakMap();

/**
 * Starts the module, and remembers where it came from.
 *
 * @type {typeof start}
 */
export default function init(given) {
  const source = given && "module_or_path" in given ? given.module_or_path : given;
  if (source instanceof Response) module = source.url;
  return start(given);
}

/**
 * Where a file of the widget is: beside the module, unless a bundler has renamed that, which then knows the file too.
 *
 * @param {string} name
 * @param {URL} bundled
 */
export function beside(name, bundled) {
  return /\/triptych_copilot_bg\.wasm(\?|$)/.test(module) ? new URL(name, module) : bundled;
}

/** @type {(callback: number, data: number) => void} */
export const __wasm_split_load_panels = (callback, data) => load("panels", callback, data);
/** @type {(callback: number, data: number) => void} */
export const __wasm_split_load_more = (callback, data) => load("more", callback, data);

/** @returns {Instance} */
// @ts-expect-error: without a module it gives the instance that runs, whose exports are not all typed
const running = () => initSync();

/** @type {(part: string, callback: number, data: number) => void} */
function load(part, callback, data) {
  const instance = running();
  const has = added.get(instance) ?? { parts: new Set(), files: {} };
  added.set(instance, has);
  const tell = (/** @type {boolean} */ came) => instance.__indirect_function_table.get(callback)(data, came);
  // Who asks for what is there looks again right after.
  if (has.parts.has(part)) return tell(true);
  Promise.all(Object.entries(FILES[part]).map(([name, url]) => (has.files[name] ??= add(name, url(), instance, has))))
    .then(() => has.parts.add(part), () => false)
    // Nobody waits any more in an instance that was replaced meanwhile.
    .then((came) => running() === instance && tell(!!came));
}

/** @type {(name: string, url: URL, instance: Instance, has: Added) => Promise<void>} */
async function add(name, url, instance, { files }) {
  try {
    const file = await (compiled[name] ??= compile(beside(name, url)));
    await WebAssembly.instantiate(file, { __wasm_split: instance });
  } catch (error) {
    // Nothing is remembered of a failure, so that a next call tries again.
    delete compiled[name];
    delete files[name];
    throw error;
  }
}

/** @param {URL} url */
async function compile(url) {
  const response = await fetch(url);
  if (!response.ok) throw response.status;
  // Its address is then in the stack of what fails in it. Not every server says what the file is.
  return WebAssembly.compileStreaming(response.clone()).catch(async () => WebAssembly.compile(await response.arrayBuffer()));
}
