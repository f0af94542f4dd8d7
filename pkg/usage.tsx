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
const takeBack = copilot.registerTool<{ id: number }>({
  name: "cancel_order",
  description: "Cancels an order",
  parameters: { type: "object", properties: { id: { type: "integer" } } },
  handler: async ({ id }, { signal }) => (await fetch(`/orders/${id.toFixed()}`, { method: "DELETE", signal })).json(),
});
takeBack();
// @ts-expect-error There is no such answer to the question who is asked.
copilot.registerTool({ name: "x", consent: "always", handler() {} });
copilot.setContext({ order: 7 }, { title: "Order 7" });
copilot.ask("Why?").then((answer) => answer.trim());
copilot.ask<{ city: string }>("Where?", { schema: { type: "object" } }).then(({ city }) => city.trim());
copilot.addEventListener("triptych-tool-call", (event) => event.detail.size.toFixed());

export const page = <triptych-copilot gateway="https://ai.example.com" token-url="/token" mode="inline" open />;
