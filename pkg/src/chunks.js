// Parts of the widget that come when they are needed, each a module with a glue of its own. Bundlers have to see both
// names of each as they stand here.

import { beside } from "./parts.js";

/** @typedef {{ default: (input: { module_or_path: Response }) => Promise<unknown> }} Glue */

/** @type {Record<string, () => [Promise<Glue>, URL]>} */
const CHUNKS = {
  highlight: () => [import("./triptych_highlight.js"), new URL("./triptych_highlight_bg.wasm", import.meta.url)],
  math: () => [import("./triptych_math.js"), new URL("./triptych_math_bg.wasm", import.meta.url)],
  diagram: () => [import("./triptych_diagram.js"), new URL("./triptych_diagram_bg.wasm", import.meta.url)],
};

/** @type {Record<string, Promise<Glue> | undefined>} */
const loading = {};

/**
 * Fetches and starts a part, once for all copilots of a page. A failure is not remembered, so that a next call tries
 * again.
 *
 * @param {string} name
 */
export function chunk(name) {
  return (loading[name] ??= start(name, ...CHUNKS[name]()).catch((error) => {
    loading[name] = undefined;
    throw error;
  }));
}

/** @type {(name: string, glue: Promise<Glue>, url: URL) => Promise<Glue>} */
async function start(name, importing, url) {
  const [glue, response] = await Promise.all([importing, fetch(beside(`triptych_${name}_bg.wasm`, url))]);
  await glue.default({ module_or_path: response });
  return glue;
}
