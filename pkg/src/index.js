export { TriptychCopilotElement } from "./element.js";
export { TriptychError } from "./errors.js";
export { VERSION, configure, load } from "./load.js";
