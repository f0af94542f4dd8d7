// A page that offers two functions, and what becomes of their calls.
import { stored } from "./threads.mjs";

/** Offers them before the copilot runs; what happens with them is kept on the page. One of them is harmless. */
export async function offer({ page }, description = "Cancels an order") {
  await page.addInitScript((description) => {
    window.calls = [];
    window.looks = 0;
    window.told = [];
    addEventListener("triptych-tool-call", (event) => window.told.push(event.detail));
    customElements.whenDefined("triptych-copilot").then(() => {
      const copilot = document.querySelector("triptych-copilot");
      const parameters = { type: "object", properties: { id: { type: "integer", minimum: 7 } } };
      copilot.registerTool({
        name: "cancel_order",
        description,
        parameters,
        async handler(given, { signal }) {
          window.calls.push(given);
          if (given.id === 13) throw new Error("There is no order 13.");
          if (given.id === 99) {
            await new Promise((resolve, reject) => {
              window.finish = resolve;
              signal.onabort = () => reject((window.aborted = signal.reason));
            });
          }
          return { cancelled: given.id, ratio: 0.25 };
        },
      });
      const look = () => {
        window.looks += 1;
        return document.title;
      };
      copilot.registerTool({ name: "page_title", description: "Tells", consent: "never", handler: look });
    });
  }, description);
}

export const consent = (visit, page = visit.page) => page.getByRole("group", { name: /cancel_order/ });
export const calls = (visit, page = visit.page) => page.evaluate(() => window.calls);

/** Has the model call `cancel_order` with these arguments, once for each. */
export function cancel(visit, ...given) {
  return visit.say(`Go ${given.map((given) => `[[call:cancel_order ${JSON.stringify(given)}]]`).join(" ")}`);
}

/** Whether the database has a call in a state. */
export async function callKept({ page }, state) {
  return (await stored(page)).messages.some(({ calls }) => calls?.[0].state === state);
}
