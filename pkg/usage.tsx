// Compiled, never run: the declarations have to allow what the README shows, and nothing else.
import { configure, load, TriptychError } from "./dist/index.js";
import "./dist/define.js";
import type {} from "./dist/react.js";

configure({ wasmUrl: new URL("https://cdn.example/triptych_copilot_bg.wasm") });
load().catch((error: unknown) => {
  if (error instanceof TriptychError && error.code === "csp") error.cause;
});

const copilot = document.createElement("triptych-copilot");
copilot.gateway = "https://ai.example.com";
copilot.getToken = async () => ({ client_secret: "…", expires_at: 0 });
copilot.theme = "dark";
// @ts-expect-error There is no such theme.
copilot.theme = "sepia";
copilot.addEventListener("triptych-credits", (event) => event.detail.available.toFixed());
copilot.addEventListener("click", (event) => event.clientX);
// @ts-expect-error There is no such detail.
copilot.addEventListener("triptych-asset", (event) => event.detail.nothing);
copilot.open();
copilot.open = false;
copilot.send("Hello");

export const page = <triptych-copilot gateway="https://ai.example.com" token-url="/token" mode="inline" open />;
