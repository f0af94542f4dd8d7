// For `<script type="module" src="…/triptych.js">`; bundlers take ./define.js.
import "./define.js";

export { configure } from "./load.js";
