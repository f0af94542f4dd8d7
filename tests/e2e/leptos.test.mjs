import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

// Without a folder that was built for it, the demo builds what it needs.
const widget = process.env.TRIPTYCH_LEPTOS_WIDGET;
const scenario = suite(widget ? { widget } : { leptos: true });

scenario("a Leptos application mounts the copilot as a component and hears its events", async (visit) => {
  await visit.open("/leptos.html");
  const { page } = visit;
  await eventually(async () => (await page.locator("#balance").innerText()) === "1000 credits", "the page is told");
  await visit.say("Hello");
  await visit.answered();
  await visit.balanceShown();
  await eventually(async () => (await page.locator("#balance").innerText()) !== "1000 credits", "the page is told again");
});
