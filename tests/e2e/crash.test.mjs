// A module that traps takes nothing of the user's with it.
import assert from "node:assert/strict";

import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";
import { keepExports, trap } from "./trap.mjs";

const scenario = suite();

scenario("a module that crashes says so, and comes back with the draft and the conversation", async (visit) => {
  visit.expect(/RuntimeError/);
  await visit.page.addInitScript(keepExports);
  await visit.open("/chat.html");
  await visit.say("Explain tides in short");
  await visit.answered();
  await visit.message().fill("half a thought");
  await visit.page.evaluate(() => {
    window.told = [];
    document.addEventListener("triptych-error", ({ detail }) => window.told.push(detail.code));
  });
  // A draft is written down with each key.
  await visit.page.evaluate(trap);
  const alert = visit.page.getByRole("alert");
  await alert.getByText("The copilot crashed.").waitFor();
  assert.deepEqual(await visit.page.evaluate("told"), ["crashed"]);
  await visit.shot("crash");

  await visit.button("Reload the copilot").click();
  await eventually(async () => (await visit.message().inputValue()) === "half a thought", "the draft is back");
  await visit.answers().first().getByText("tides").first().waitFor();
  await visit.say("A short word on ebb");
  await visit.answered(1);
  assert.equal((await visit.demo.charges(visit.user)).length, 2, "nothing is paid twice");
});

scenario("an answer that was under way when the module crashed is taken up and paid once", async (visit) => {
  visit.expect(/RuntimeError/);
  await visit.page.addInitScript(keepExports);
  await visit.open("/chat.html");
  await visit.say("Explain tides at length");
  await visit.answers().first().locator(".body").getByText(/\w{3}/).first().waitFor();
  await visit.page.evaluate(trap);
  await visit.page.getByRole("alert").getByText("The copilot crashed.").waitFor();
  await visit.button("Reload the copilot").click();
  const answer = await visit.answered();
  const words = await answer.locator(".body").innerText();
  const log = await visit.demo.charges(visit.user);
  assert.equal(log.length, 1);
  assert.ok(words.length > 200, words);
  assert.equal(await visit.answers().count(), 1);
});
