/**
 * Why the copilot cannot run.
 *
 * - `unsupported`: the browser has no WebAssembly
 * - `network`: a file could not be fetched
 * - `mime`: the server sent something that is no WebAssembly module
 * - `csp`: the page's Content-Security-Policy forbids WebAssembly
 * - `compile`: the module was refused
 * - `version`: loader and module are of different versions
 * - `config`: an attribute makes no sense
 * - `crashed`: the module failed while running
 *
 * @typedef {"unsupported" | "network" | "mime" | "csp" | "compile" | "version" | "config" | "crashed"} TriptychErrorCode
 */

/** The copilot could not be loaded: `code` is stable, `message` is for people, `cause` for developers. */
export class TriptychError extends Error {
  /**
   * @param {TriptychErrorCode} code
   * @param {unknown} cause
   */
  constructor(code, cause) {
    super("The copilot could not be loaded.", { cause });
    this.code = code;
  }
}
