import assert from "node:assert/strict";

import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();

/** What the page was told by events of a name, in their order. */
async function listen(visit, name) {
  await visit.page.evaluate((name) => {
    window.told = [];
    document.querySelector("triptych-copilot").addEventListener(name, ({ detail }) => window.told.push(detail));
  }, name);
  return () => visit.page.evaluate("window.told");
}

const focused = (visit) =>
  visit.page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element.getAttribute("aria-label") ?? element.textContent.trim();
  });
const text = (answer) => answer.locator(".body").last().innerText();
const charges = async (visit) => (await visit.demo.charges(visit.user)).filter(({ charged }) => charged > 0).length;

scenario("another answer is paid once more and the first one is a click away", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Explain tides in short");
  await visit.answered();
  const first = await visit.answers().first().getAttribute("data-message");
  await visit.button("Answer again").click();
  await eventually(async () => (await visit.answers().first().getAttribute("data-message")) !== first, "another answer");
  const answer = await visit.answered();
  await answer.getByRole("group", { name: "Version 2 of 2" }).waitFor();
  assert.equal(await charges(visit), 2, "each answer is paid");
  assert.equal(await focused(visit), "Conversation", "the focus stays in the conversation");
  await visit.shot("branches-answers");
  await visit.button("Earlier version").click();
  await visit.answers().first().getByRole("group", { name: "Version 1 of 2" }).waitFor();
  assert.equal(await visit.answers().first().getAttribute("data-message"), first);
  await eventually(async () => (await focused(visit)) === "Earlier version", "the focus stays on the button");
  assert.equal(await visit.button("Earlier version").getAttribute("aria-disabled"), "true");
  await visit.balanceShown();
});

scenario("a message said differently is a branch with a way back", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Explain tides in short");
  await visit.answered();
  await visit.say("A short word on ebb");
  await visit.answered(1);
  await visit.message().fill("half a thought");
  const edit = () => visit.button("Edit message").first();
  await edit().click();
  const box = visit.page.getByRole("textbox", { name: "Edit message" });
  assert.equal(await box.inputValue(), "Explain tides in short");
  await box.fill("thrown away");
  await visit.shot("branches-edit");
  await box.press("Escape");
  await eventually(async () => (await focused(visit)) === "Edit message", "the focus is back at the button");
  await visit.page.getByText("Explain tides in short").waitFor();

  await edit().click();
  await box.fill("Explain clouds in short");
  await visit.button("Send changes").click();
  await eventually(async () => (await visit.answers().count()) === 1, "what followed belongs to the other branch");
  await visit.answered();
  await visit.answers().first().getByText("clouds").first().waitFor();
  // What is being read out may still be of the other branch.
  const followed = visit.page.getByRole("log", { name: "Conversation" }).getByText("A short word on ebb");
  assert.equal(await followed.count(), 0);
  assert.equal((await visit.demo.charges(visit.user)).length, 3);
  await visit.button("Earlier version").click();
  await eventually(async () => (await visit.answers().count()) === 2, "the first branch is back, whole");
  await followed.first().waitFor();
  assert.equal(await visit.message().inputValue(), "half a thought", "what is typed stays");
});

scenario(
  "a message is copied as its Markdown and that is said",
  async (visit) => {
    await visit.open("/chat.html");
    const told = await listen(visit, "triptych-message");
    await visit.say("Compare tea and coffee in a table");
    const answer = await visit.answered();
    const clipboard = () => visit.page.evaluate(() => navigator.clipboard.readText());
    await visit.button("Copy answer").click();
    await eventually(async () => /\| --- \|/.test(await clipboard()), "the table is copied as Markdown");
    const [message] = await told();
    assert.equal(await clipboard(), message.text);
    assert.equal(message.id, await answer.getAttribute("data-message"));
    assert.match(message.thread, /^\w{8,}/);
    await visit.page.getByText("Copied", { exact: true }).waitFor();
    await visit.button("Copy message").click();
    await eventually(async () => (await clipboard()) === "Compare tea and coffee in a table", "the question");
  },
  { permissions: ["clipboard-read", "clipboard-write"] },
);

scenario("what the user thinks of an answer is told to the page, and can be taken back", async (visit) => {
  await visit.open("/chat.html");
  const told = await listen(visit, "triptych-feedback");
  await visit.say("Hello");
  const id = await (await visit.answered()).getAttribute("data-message");
  const pressed = (name) => visit.button(name).getAttribute("aria-pressed");
  await visit.button("Good answer").click();
  await eventually(async () => (await pressed("Good answer")) === "true", "it is pressed");
  await visit.button("Bad answer").click();
  await eventually(async () => (await pressed("Good answer")) === "false", "one or the other");
  await visit.button("Bad answer").click();
  await eventually(async () => (await told()).length === 3, "three events");
  const events = await told();
  assert.deepEqual(events.map(({ value }) => value), ["good", "bad", null]);
  assert.ok(events.every((event) => event.id === id && event.thread));
  assert.equal(await focused(visit), "Bad answer");
});

scenario("a left answer goes on at the server, and watched again has every word once", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Explain tides");
  const answer = visit.answers().first();
  await answer.getByText(/\w{3}/).first().waitFor();
  await visit.button("Leave running").click();
  await answer.getByText("Running at the server").waitFor();
  assert.equal(await answer.getAttribute("aria-busy"), "false");
  await visit.shot("branches-left");
  const words = await text(answer);
  await visit.message().fill("something else");
  await visit.message().press("Enter");
  await eventually(async () => (await visit.demo.charges(visit.user)).some(({ charged }) => charged > 0), "it is made and paid");
  assert.equal(await text(answer), words, "nobody watches");
  assert.equal(await visit.answers().count(), 1, "nothing else is asked meanwhile");
  await visit.button("Watch").click();
  await eventually(async () => (await visit.answers().first().getByText("Running at the server").count()) === 0, "watched");
  await visit.answered();
  assert.equal(await visit.answers().first().getByRole("alert").count(), 0);
  await visit.message().fill("");
  await visit.say("Explain tides");
  await visit.answered(1);
  const [first, second] = await Promise.all([text(visit.answers().nth(0)), text(visit.answers().nth(1))]);
  assert.equal(first, second, "no word is missing and none is there twice");
  assert.equal(await charges(visit), 2, "each was paid once");
});

scenario("a left answer can still be stopped, and costs what was made until then", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Explain tides at length, long and detailed");
  const answer = visit.answers().first();
  await answer.getByText(/\w{3}/).first().waitFor();
  await visit.button("Leave running").click();
  await answer.getByText("Running at the server").waitFor();
  await visit.button("Stop").click();
  await visit.answered();
  await answer.getByText("Stopped").waitFor();
  await visit.balanceShown();
  const [charge] = await visit.demo.charges(visit.user);
  assert.ok(charge.charged > 0 && charge.charged < charge.held);
});

for (const marker of ["reasoning", "reasoning-content"]) {
  scenario(`thoughts are folded away and can be read (${marker})`, async (visit) => {
    await visit.open("/chat.html");
    await visit.say(`Explain tides in short [[with:${marker}]]`);
    const answer = await visit.answered();
    const summary = answer.locator("summary");
    await answer.getByText(/^Thought for \d+ s$/).waitFor();
    assert.equal(await answer.getByText("The question has two sides.").isVisible(), false);
    await summary.click();
    await answer.getByText("The question has two sides.").waitFor();
    assert.equal(await answer.locator("details strong").innerText(), "what follows", "thoughts are Markdown, too");
    assert.doesNotMatch(await text(answer), /two sides/);
    await visit.shot(`branches-${marker}`);
  });
}

scenario("calls of tools and sources are shown, and a script is no source", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Explain tides in short [[with:tool]] [[with:citations]]");
  const answer = await visit.answered();
  await answer.getByText("Called look_up_weather").click();
  await answer.getByText('{"city":"Oslo","days":3}').waitFor();
  const sources = answer.getByRole("region", { name: "Sources" });
  const links = sources.getByRole("link");
  assert.deepEqual(await links.allInnerTexts(), ["How tides work", "www.moon.example"]);
  await sources.getByText("sources.example", { exact: true }).waitFor();
  for (const link of await links.all()) {
    assert.match(await link.getAttribute("href"), /^https:/);
    assert.match(await link.getAttribute("rel"), /noopener noreferrer/);
  }
  await visit.shot("branches-parts");
});

scenario("a refusal is told as one", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Explain tides in short [[with:refusal]]");
  const answer = await visit.answered();
  await answer.getByText("The model declined:").waitFor();
  await answer.getByText("In short, about").waitFor();
  await visit.shot("branches-refusal");
});
