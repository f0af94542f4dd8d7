/** Importing this registers `<triptych-copilot>`, once however often it is imported. */
export { TriptychCopilotElement } from "./index.js";
