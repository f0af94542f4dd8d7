// The module's bindings as the loader gets them: with what the module is told and what it asks of the page, of which the
// loader, loaded by every page, does not know.
export * from "./triptych_bindings.js";
export { read } from "./config.js";
export { __wbg_reset_state } from "./crash.js";
export { mount, update } from "./page.js";
export { default } from "./parts.js";
