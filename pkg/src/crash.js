// What happens when the module traps, which ends the one instance that all copilots of a page share.
import * as bindings from "./triptych_bindings.js";

/** @typedef {{ emit: (name: string, detail: object) => boolean }} Host */

/** @type {Set<WeakRef<Host>>} */
const hosts = new Set();
/** @type {Set<WeakRef<() => void>>} */
const held = new Set();

/**
 * A host that is told of a crash.
 *
 * @template {Host} T
 * @param {T} host
 */
export function watched(host) {
  hosts.add(new WeakRef(host));
  return host;
}

/**
 * Keeps the way to give up something that the browser holds for the instance.
 *
 * @param {() => void} release
 */
export function hold(release) {
  held.add(new WeakRef(release));
}

/** Puts a new instance in the place of one that failed, and gives back what the browser still holds for that one. */
export function __wbg_reset_state() {
  for (const release of held) release.deref()?.();
  held.clear();
  bindings.__wbg_reset_state();
}

/**
 * Most calls into the module are the browser's, for an event or a promise, so nobody else would hear of it. Other
 * modules of the page trap too; where it happened is in the stack.
 *
 * @param {unknown} error
 */
function trapped(error) {
  if (!(error instanceof WebAssembly.RuntimeError && /triptych_(copilot|more|panels)/.test(error.stack ?? ""))) return;
  for (const host of hosts) host.deref()?.emit("triptych-error", { code: "crashed" });
  hosts.clear();
}

addEventListener("error", (event) => trapped(event.error));
addEventListener("unhandledrejection", (event) => trapped(event.reason));
