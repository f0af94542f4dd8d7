import assert from "node:assert/strict";

import { micro } from "./books.mjs";
import { eventually } from "./demo.mjs";
import { startProxy } from "./proxy.mjs";
import { suite } from "./scenario.mjs";

const proxy = await startProxy();
const scenario = suite({ origins: [proxy.url] });

scenario("the first words are there before the answer ends, and it costs what the bill says", async (visit) => {
  await visit.open("/chat.html");
  const before = await visit.shownBalance();
  await visit.say("Compare three ways to brew coffee");
  const answer = visit.answers().first();
  await answer.getByText(/\w{3}/).first().waitFor();
  assert.equal(await answer.getAttribute("aria-busy"), "true", "words came while the answer was under way");
  await visit.button("Stop").waitFor();
  await visit.shot("chat-streaming");
  await visit.answered();
  const charged = micro(/charged ([\d.,]+)/i.exec(await answer.innerText())[1]);
  await visit.balanceShown();
  assert.equal(before - (await visit.shownBalance()), charged, "the balance fell by what the message says");
  const [charge] = await visit.demo.charges(visit.user);
  assert.equal(charge.charged, charged);
  await visit.shot("chat-answered");
});

scenario("markdown becomes headings, lists, tables, code and links", async (visit) => {
  await visit.open("/chat.html");
  for (const prompt of ["Write code to sort a list", "Compare tea and coffee in a table"]) {
    const index = await visit.answers().count();
    await visit.say(prompt);
    await visit.answered(index);
  }
  const answers = visit.answers();
  for (const role of ["heading", "list", "listitem", "table", "columnheader", "link"]) {
    assert.ok((await answers.getByRole(role).count()) > 0, `a ${role}`);
  }
  assert.ok((await answers.locator("pre code").count()) > 0, "a block of code");
  for (const link of await answers.getByRole("link").all()) {
    assert.match(await link.getAttribute("href"), /^https?:/);
    assert.match(await link.getAttribute("rel"), /noopener/);
  }
  assert.doesNotMatch(await answers.first().locator(".body").innerText(), /```|\*\*/, "no raw Markdown is left");
  await visit.shot("chat-markdown");
});

scenario("a stopped answer keeps its words and costs no more than was held", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Explain how tides work at length");
  const answer = visit.answers().first();
  await answer.getByText(/\w{3}/).first().waitFor();
  await visit.button("Stop").click();
  await visit.answered();
  await answer.getByText("Stopped").waitFor();
  const words = await answer.locator(".body").innerText();
  assert.ok(words.trim().length > 0, "the words stay");
  await visit.button("Send").waitFor();
  await visit.balanceShown();
  const [charge] = await visit.demo.charges(visit.user);
  assert.ok(charge.charged > 0 && charge.charged < charge.held, "something was charged and the rest came back");
  assert.equal(await answer.locator(".body").innerText(), words, "nothing comes after the stop");
  await visit.shot("chat-stopped");
});

scenario("a conversation is carried on and a new chat begins without it", async (visit) => {
  await visit.open("/chat.html");
  await visit.say("Hello");
  await visit.answered(0);
  await visit.say("And now a second question");
  await visit.answered(1);
  const [first, second] = await visit.demo.charges(visit.user);
  assert.ok(second.prompt_tokens > first.prompt_tokens, "the first exchange went along");
  await visit.button("New chat").click();
  await eventually(async () => (await visit.answers().count()) === 0, "the transcript is empty");
  await visit.say("Hello");
  await visit.answered(0);
  assert.equal((await visit.demo.charges(visit.user))[2].prompt_tokens, first.prompt_tokens);
});

scenario("an upstream that fails before the first word is told with a retry that works", async (visit) => {
  visit.expect(/status of 50\d/);
  await visit.open("/chat.html");
  await visit.say("Tell me about rain [[fault-once:500]]");
  await visit.answered();
  const failed = visit.answers().first();
  await failed.getByRole("alert").waitFor();
  await visit.shot("chat-failed");
  await visit.message().fill("typed meanwhile");
  await visit.button("Retry").click();
  await eventually(async () => (await visit.page.getByRole("alert").count()) === 0, "the error is gone");
  const answer = await visit.answered();
  assert.ok((await answer.locator(".body").innerText()).length > 20);
  assert.equal(await visit.message().inputValue(), "typed meanwhile", "what is typed stays");
  await visit.page.getByText("Tell me about rain").waitFor();
});

scenario("an error that keeps coming back is shown each time and costs nothing", async (visit) => {
  visit.expect(/status of 50\d/);
  await visit.open("/chat.html");
  await visit.say("Rain [[fault:500]]");
  await visit.answered();
  await visit.answers().first().getByRole("alert").waitFor();
  await visit.button("Retry").click();
  await eventually(async () => (await visit.demo.charges(visit.user)).length >= 2, "a second try");
  await visit.answered();
  await visit.answers().first().getByRole("alert").waitFor();
  assert.equal((await visit.demo.balance(visit.user)).available, 1000e6);
});

for (const fault of ["error-mid-stream", "reset", "truncate"]) {
  scenario(`an answer that breaks in the middle (${fault}) keeps its words, says so and offers a retry`, async (visit) => {
    await visit.open("/chat.html");
    await visit.say(`Explain tides [[fault-once:${fault}]]`);
    const answer = await visit.answered();
    await answer.getByRole("alert").waitFor();
    assert.ok((await answer.locator(".body").innerText()).trim().length > 0, "the words so far stay");
    await visit.balanceShown();
    await visit.shot(`chat-${fault}`);
    await visit.button("Retry").click();
    await eventually(async () => (await visit.page.getByRole("alert").count()) === 0, "the error is gone");
    const again = await visit.answered();
    assert.equal(await again.getByRole("alert").count(), 0);
    await visit.balanceShown();
  });
}

scenario("a connection that is cut in mid-answer is taken up where it broke", async (visit) => {
  visit.expect(/net::ERR_/);
  await visit.open("/chat.html", proxy.to(visit.demo.url));
  await visit.say("Explain tides");
  await visit.answers().first().getByText(/\w{3}/).first().waitFor();
  proxy.cut();
  const answer = await visit.answered();
  assert.equal(await answer.getByRole("alert").count(), 0, "the answer is whole");
  const [charge] = await visit.demo.charges(visit.user);
  assert.equal(charge.estimated, false);
  await visit.say("Explain tides", visit.page);
  await visit.answered(1);
  const texts = await visit.answers().locator(".body").allInnerTexts();
  assert.equal(texts[0], texts[1], "no word is missing and none is there twice");
});

scenario("a connection that stays away is said so, and the retry works once it is back", async (visit) => {
  visit.expect(/net::ERR_/);
  await visit.open("/chat.html", proxy.to(visit.demo.url));
  await visit.say("Explain tides");
  await visit.answers().first().getByText(/\w{3}/).first().waitFor();
  proxy.close();
  await visit.answers().first().getByText("Reconnecting…").waitFor();
  const alert = visit.answers().first().getByRole("alert");
  await alert.waitFor({ timeout: 60_000 });
  await visit.shot("chat-connection-lost");
  proxy.open();
  await visit.button("Retry").click();
  await eventually(async () => (await visit.page.getByRole("alert").count()) === 0, "the error is gone");
  await visit.answered();
  assert.equal(await visit.page.getByRole("alert").count(), 0);
});

scenario("what is typed and not sent survives a reload", async (visit) => {
  await visit.open("/chat.html");
  await visit.message().fill("half a thought");
  await visit.page.reload();
  await eventually(async () => (await visit.message().inputValue()) === "half a thought", "the draft is back");
});

scenario("what was sent does not come back as a draft, neither in a new chat nor on another page", async (visit) => {
  await visit.open("/chat.html");
  await visit.message().pressSequentially("Say hello");
  await visit.button("Send").click();
  await visit.answered(0);
  await visit.button("New chat").click();
  await eventually(async () => (await visit.answers().count()) === 0, "the new chat");
  assert.equal(await visit.message().inputValue(), "");
  await visit.open("/");
  assert.equal(await visit.message().inputValue(), "");
});
