import { TriptychError } from "./errors.js";

/** The version of this package; the module has to be of the same. */
export const VERSION = "0.1.0";

/** @typedef {typeof import("./triptych_copilot.js")} Glue */
/** @typedef {{ wasmUrl?: string | URL, module?: WebAssembly.Module | BufferSource }} LoadOptions */

/** @type {LoadOptions} */
let options = {};
/** @type {Promise<Glue> | undefined} */
let loading;

/**
 * Says where the module comes from, for bundlers and pages where the default does not work. Call it before the first
 * copilot is opened.
 *
 * @param {LoadOptions} given
 */
export function configure(given) {
  options = given;
}

/**
 * Fetches and starts the module, once for all copilots of a page. A failure is not remembered, so that a next call
 * tries again.
 *
 * @returns {Promise<Glue>}
 */
export function load() {
  return (loading ??= start().catch((error) => {
    loading = undefined;
    throw error;
  }));
}

/** A module that failed while running stays failed, so this puts a new instance of it in its place. */
export function discard() {
  loading?.then((glue) => glue.__wbg_reset_state());
}

/** @returns {Promise<Glue>} */
async function start() {
  /** @type {Glue} */
  let glue;
  /** @type {LoadOptions["module"] | Response} */
  let source;
  /** @type {import("./errors.js").TriptychErrorCode} */
  let code = "network";
  try {
    [glue, source] = await Promise.all([
      import("./triptych_copilot.js"),
      options.module ?? fetch(options.wasmUrl ?? new URL("./triptych_copilot_bg.wasm", import.meta.url)),
    ]);
    if (source instanceof Response) {
      if (!source.ok) throw source.status;
      code = "mime";
      // A page in the module's place is the answer of a server that does not have it.
      if (source.headers.get("content-type")?.includes("html")) throw source.status;
    }
    code = globalThis.WebAssembly ? "compile" : "unsupported";
    await glue.default({ module_or_path: source });
    code = "version";
    if (glue.version() !== VERSION) throw VERSION;
    return glue;
  } catch (error) {
    // Browsers have no type of their own for this one; they only say it, each in its words.
    throw new TriptychError(code === "compile" && /csp|eval/i.test(`${error}`) ? "csp" : code, error);
  }
}
