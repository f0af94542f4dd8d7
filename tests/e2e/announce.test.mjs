// What a screen reader is told, and how the keyboard goes from one part of the widget to the next.
import assert from "node:assert/strict";

import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();

/** Writes down what the live region says, and when. */
async function listen(visit) {
  await visit.page.locator("triptych-copilot").evaluate((element) => {
    const region = element.shadowRoot.querySelector("[aria-live=polite][role=log]");
    window.said = [];
    new MutationObserver(() => window.said.push([region.textContent.trim(), performance.now()])).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
}

const said = (visit) => visit.page.evaluate(() => window.said.map(([text]) => text));
const finished = (visit) => eventually(async () => (await said(visit)).at(-1) === "Answer finished.", "the end is said");

scenario("an answer is said sentence by sentence, never too fast, and then its end", async (visit) => {
  await visit.open("/chat.html");
  await listen(visit);
  await visit.say("Compare tea and coffee in a table");
  const answer = await visit.answered();
  await finished(visit);
  const texts = await said(visit);
  assert.equal(texts[0], "Sent. The answer is coming.");
  assert.ok(texts.some((text) => /^Table, \d+ rows?\.$/.test(text)), texts.join(" | "));
  const words = (await answer.locator(".blocks > p").allInnerTexts()).join(" ").split(/\s+/);
  assert.ok(words.every((word) => texts.join(" ").includes(word)), `${texts.join(" | ")} lacks some of ${words.join(" ")}`);
  const times = await visit.page.evaluate(() => window.said.map(([, time]) => time));
  for (let at = 1; at < times.length; at += 1) assert.ok(times[at] - times[at - 1] >= 390, `${times[at] - times[at - 1]} ms apart`);
});

scenario("the user chooses what is said, with the keyboard alone, and that is remembered", async (visit) => {
  await visit.open("/chat.html");
  const { keyboard } = visit.page;
  const settings = visit.button("Settings");
  await settings.focus();
  await keyboard.press("Enter");
  const group = visit.page.getByRole("group", { name: "Announce answers" });
  await group.waitFor();
  await keyboard.press("Tab");
  await keyboard.press("ArrowDown");
  assert.equal(await visit.page.getByRole("radio", { name: "Only their end" }).isChecked(), true);
  await keyboard.press("Escape");
  await group.waitFor({ state: "detached" });
  assert.equal(await settings.evaluate((button) => button.getRootNode().activeElement === button), true, "the focus is back");
  await listen(visit);
  await visit.say("Hello");
  await visit.answered();
  await finished(visit);
  assert.deepEqual(await said(visit), ["Sent. The answer is coming.", "Answer finished."]);

  await visit.page.reload();
  await visit.message().waitFor();
  await settings.click();
  assert.equal(await visit.page.getByRole("radio", { name: "Only their end" }).isChecked(), true);
  await visit.page.getByRole("radio", { name: "Not at all" }).check();
  // A click elsewhere puts the menu away.
  await visit.message().click();
  await group.waitFor({ state: "detached" });
  await listen(visit);
  await visit.say("Hello");
  await visit.answered(0);
  assert.deepEqual(await said(visit), []);
});

scenario("the page says what is said as long as the user does not", async (visit) => {
  await visit.open("/chat.html");
  await visit.page.locator("triptych-copilot").evaluate((element) => (element.announce = "end"));
  await visit.button("Settings").click();
  await eventually(() => visit.page.getByRole("radio", { name: "Only their end" }).isChecked(), "the page's choice");
});

scenario("F6 goes from one part of the window to the next, and lets go after the last", async (visit) => {
  await visit.open("/");
  const { keyboard } = visit.page;
  const region = () =>
    visit.page.evaluate(() => document.querySelector("triptych-copilot").shadowRoot.activeElement?.closest("[data-region]")?.getAttribute("part") ?? "none");
  await visit.message().focus();
  const back = [];
  for (let step = 0; step < 3; step += 1) {
    await keyboard.press("Shift+F6");
    back.push(await region());
  }
  assert.deepEqual(back, ["transcript", "tabs", "header"]);
  const forth = [];
  for (let step = 0; step < 3; step += 1) {
    await keyboard.press("F6");
    forth.push(await region());
  }
  assert.deepEqual(forth, ["tabs", "transcript", "composer"]);
  assert.equal(await visit.message().evaluate((input) => input.getRootNode().activeElement === input), true, "where one types");
  await visit.page.evaluate(() => addEventListener("keydown", (event) => (window.left = !event.defaultPrevented), { once: true }));
  await keyboard.press("F6");
  const left = await visit.page.evaluate("window.left");
  assert.equal(left, true, "the browser has the key after the last part");
});
