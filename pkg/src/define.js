import { TriptychCopilotElement } from "./element.js";

// There is none where there is no browser, and a page may load this twice.
const registry = globalThis.customElements;
if (!registry?.get("triptych-copilot")) registry?.define("triptych-copilot", TriptychCopilotElement);

export { TriptychCopilotElement };
