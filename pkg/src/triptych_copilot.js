// The module's bindings as the loader gets them: with a way to the parts that come later and with what the module is
// told, of which the loader, loaded by every page, does not know.
import { chunk } from "./chunks.js";
import * as bindings from "./triptych_bindings.js";

export * from "./triptych_bindings.js";
export { read } from "./config.js";
export { default } from "./triptych_bindings.js";

/** @type {typeof bindings.mount} */
export function mount(root, config, host) {
  return bindings.mount(root, config, Object.assign(host, { chunk }));
}
