// The module's bindings as the loader gets them: with a way to the parts that come later, which the loader, loaded by
// every page, does not know of.
import { chunk } from "./chunks.js";
import * as bindings from "./triptych_bindings.js";

export * from "./triptych_bindings.js";
export { default } from "./triptych_bindings.js";

/** @type {typeof bindings.mount} */
export function mount(root, config, host) {
  return bindings.mount(root, config, Object.assign(host, { chunk }));
}
