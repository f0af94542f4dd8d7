// Chats that last: through reloads, closed tabs and lost networks, in step across tabs, and apart by user.
import assert from "node:assert/strict";

import { eventually } from "./demo.mjs";
import { startProxy } from "./proxy.mjs";
import { suite } from "./scenario.mjs";
import { askAndKeep, kept, list, openList, stored, titles, words } from "./threads.mjs";

const proxy = await startProxy();
const scenario = suite({ origins: [proxy.url], tokensPerSecond: 60 });

scenario("a conversation is there again after a reload, and goes on where it was", async (visit) => {
  await visit.open("/chat.html");
  await askAndKeep(visit, "Explain tides");
  const before = await words(visit.answers().first());
  const receipt = await visit.answers().first().locator(".details").innerText();
  await visit.message().fill("and the moon?");
  await visit.page.reload();
  await visit.answers().first().waitFor();
  // A block of code has its language's own name, with capitals, once its colours are there.
  assert.equal((await words(visit.answers().first())).toLowerCase(), before.toLowerCase());
  assert.equal(await visit.message().inputValue(), "and the moon?", "the draft is there too");
  assert.match(receipt, /charged/i);
  assert.match(await visit.answers().first().innerText(), /charged/i, "and what it cost");
  await visit.button("Send").click();
  await visit.answered(1);
  const charges = await visit.demo.charges(visit.user);
  assert.equal(charges.length, 2);
  assert.ok(charges[1].prompt_tokens > charges[0].prompt_tokens, "the first exchange went along");
});

scenario("an answer survives reloads at any time, without a word lost or doubled, and is paid once", async (visit) => {
  // A page that goes away breaks its own requests.
  visit.expect(/net::ERR_/);
  await visit.open("/chat.html");
  await visit.say("Explain tides at length");
  // Before the first word, then wherever chance has it.
  for (const wait of [0, 30, 400, 150, 700, 90]) {
    await visit.page.evaluate((wait) => new Promise((resolve) => setTimeout(resolve, wait)), wait);
    await visit.page.reload();
    await visit.answers().first().waitFor();
  }
  const answer = await visit.answered();
  assert.equal(await answer.getByRole("alert").count(), 0, "the answer is whole");
  const charges = await visit.demo.charges(visit.user);
  assert.equal(charges.length, 1, "one call, one charge");
  assert.equal(charges[0].estimated, false);
  await kept(visit);
  // The simulator answers the same words to the same question; this one is not disturbed.
  await visit.button("New chat").click();
  await eventually(async () => (await visit.answers().count()) === 0, "a new chat");
  await askAndKeep(visit, "Explain tides at length");
  const { messages } = await stored(visit.page);
  const texts = messages.filter(({ role }) => role === "assistant").map(({ text }) => text);
  assert.equal(texts.length, 2);
  assert.ok(texts[0].length > 200);
  assert.equal(texts[0], texts[1], "word for word");
});

scenario("an answer that a closed tab left is whole when the page is opened again", async (visit) => {
  visit.expect(/net::ERR_/);
  await visit.open("/chat.html");
  await visit.say("Explain tides at length");
  await visit.answers().first().getByText(/\w{3}/).first().waitFor();
  await visit.page.close();
  visit.page = await visit.context.newPage();
  visit.watch(visit.page);
  await visit.open("/chat.html");
  const answer = await visit.answered();
  assert.equal(await answer.getByRole("alert").count(), 0);
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
});

scenario("an answer goes on after the network was away and the page was loaded anew", async (visit) => {
  visit.expect(/net::ERR_|Failed to load/);
  const url = proxy.to(visit.demo.url);
  await visit.open("/chat.html", url);
  await visit.say("Explain tides at length");
  await visit.answers().first().getByText(/\w{3}/).first().waitFor();
  proxy.close();
  await eventually(async () => (await visit.demo.charges(visit.user)).length === 1, "the server goes on alone");
  proxy.open();
  await visit.page.reload();
  const answer = await visit.answered();
  assert.equal(await answer.getByRole("alert").count(), 0);
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
});

scenario("two tabs show the same chat, and the one goes on when the other dies", async (visit) => {
  visit.expect(/net::ERR_/);
  await visit.open("/chat.html");
  await askAndKeep(visit, "Hello");
  const other = await visit.context.newPage();
  visit.watch(other);
  await other.goto(new URL("/chat.html", visit.demo.url).href);
  await visit.answers(other).first().waitFor();
  await visit.message(other).fill("typed in the other tab");
  await visit.say("Explain tides at length");
  const there = visit.answers(other).nth(1);
  await there.getByText(/\w{3}/).first().waitFor();
  assert.equal(await there.getAttribute("aria-busy"), "true", "it streams in both");
  assert.equal(await visit.message(other).inputValue(), "typed in the other tab", "each tab has its own draft");
  await visit.page.close();
  visit.page = other;
  const answer = await visit.answered(1);
  assert.equal(await answer.getByRole("alert").count(), 0);
  await kept(visit);
  assert.equal((await visit.demo.charges(visit.user)).length, 2, "nothing is paid twice");
  await visit.message().fill("");
  await visit.button("New chat").click();
  await askAndKeep(visit, "Hello");
  await askAndKeep(visit, "Explain tides at length");
  const { messages } = await stored(visit.page);
  const texts = messages.filter(({ role }) => role === "assistant").map(({ text }) => text).toSorted((a, b) => b.length - a.length);
  assert.equal(texts[0], texts[1], "word for word");
});

scenario("an answer that is read in one tab is stopped from another", async (visit) => {
  await visit.open("/chat.html");
  await askAndKeep(visit, "Hello");
  const other = await visit.context.newPage();
  visit.watch(other);
  await other.goto(new URL("/chat.html", visit.demo.url).href);
  await visit.answers(other).first().waitFor();
  await visit.say("Explain tides at length");
  await visit.answers(other).nth(1).getByText(/\w{3}/).first().waitFor();
  await visit.button("Stop", other).click();
  await visit.answers().nth(1).getByText("Stopped").waitFor();
  await visit.answers(other).nth(1).getByText("Stopped").waitFor();
});

scenario("what one user said is not shown to the next one on the same machine", async (visit) => {
  await visit.open("/chat.html");
  await askAndKeep(visit, "A secret plan");
  await visit.message().fill("a secret draft");
  const first = visit.user;
  visit.user = await visit.demo.newUser(10);
  await visit.open("/chat.html");
  await openList(visit);
  assert.deepEqual(await titles(visit), []);
  assert.equal(await visit.message().inputValue(), "");
  await list(visit.page).getByRole("searchbox").fill("secret");
  await list(visit.page).getByText("No chat has these words.").waitFor();
  visit.user = first;
});

scenario("who signs in on the same page, without a reload, has a chat of their own", async (visit) => {
  // A token that is about to expire is replaced before each call.
  await visit.context.unroute("**/demo/token*");
  await visit.context.route("**/demo/token*", async (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set("user", visit.user);
    const response = await route.fetch({ url: url.href });
    await route.fulfill({ response, json: { ...(await response.json()), expires_at: Date.now() / 1000 + 5 } });
  });
  // The first one's question costs nothing, so that the books are those of the second.
  visit.expect(/status of 50\d/);
  const second = visit.user;
  visit.user = await visit.demo.newUser(10);
  await visit.open("/chat.html");
  await askAndKeep(visit, "A secret plan [[fault:500]]");
  visit.user = second;
  await visit.say("Hello");
  await eventually(async () => (await visit.answers().count()) === 0, "nothing of the other is seen");
  assert.equal(await visit.message().inputValue(), "Hello", "what was typed is still there");
  await visit.button("Send").click();
  await visit.answered();
  await openList(visit);
  await eventually(async () => (await titles(visit)).join() === "Hello", "a list of their own");
  const { messages } = await stored(visit.page);
  const owners = new Set(messages.filter(({ text }) => text === "Hello").map(({ owner }) => owner));
  assert.deepEqual([...owners].map((owner) => owner.endsWith(visit.user)), [true], "nothing was kept as the other's");
});

scenario("with history off nothing is left on the disk", async (visit) => {
  await visit.context.route("**/chat.html", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace("<triptych-copilot ", '<triptych-copilot history="off" ');
    await route.fulfill({ response, body });
  });
  await visit.open("/chat.html");
  await visit.say("Hello");
  await visit.answered();
  await visit.message().fill("a draft");
  assert.equal(await visit.button("Chats").count(), 0);
  const left = await visit.page.evaluate(async () => [
    (await indexedDB.databases()).map(({ name }) => name),
    Object.keys(sessionStorage),
    Object.keys(localStorage),
  ]);
  assert.deepEqual(left, [[], [], []]);
  await visit.page.reload();
  await visit.message().waitFor();
  assert.equal(await visit.answers().count(), 0);
});

scenario("a draft that an earlier version kept is still there", async (visit) => {
  await visit.page.goto(new URL("/page.css", visit.demo.url).href);
  await visit.page.evaluate(([origin, user]) => sessionStorage.setItem(`triptych:${origin}:demo/${user}:draft`, "from before"), [
    new URL(visit.demo.url).origin,
    visit.user,
  ]);
  await visit.open("/chat.html");
  await eventually(async () => (await visit.message().inputValue()) === "from before", "the draft");
});

for (const [name, script] of [
  ["there is no storage", () => Object.defineProperty(window, "indexedDB", { value: undefined })],
  ["the storage is refused", () => Object.defineProperty(window, "indexedDB", { get: () => { throw new DOMException("no", "SecurityError"); } })],
  ["the storage is full", () => {
    IDBObjectStore.prototype.put = function () {
      this.transaction.abort();
      throw new DOMException("full", "QuotaExceededError");
    };
  }],
]) {
  scenario(`the chat goes on, and says once that it is not kept, where ${name}`, async (visit) => {
    await visit.context.addInitScript(script);
    await visit.open("/chat.html");
    await visit.say("Hello");
    await visit.answered();
    const note = visit.page.getByRole("note").filter({ hasText: /kept|keeps/ });
    await note.waitFor();
    await note.getByRole("button", { name: "Dismiss" }).click();
    await visit.say("And now?");
    await visit.answered(1);
    assert.equal(await note.count(), 0, "it is said once");
  });
}

scenario("a database that is deleted under the page is made anew with all that is shown", async (visit) => {
  await visit.open("/chat.html");
  await askAndKeep(visit, "Hello");
  await visit.page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase("triptych");
        request.onsuccess = resolve;
        request.onerror = request.onblocked = reject;
      }),
  );
  await visit.say("And now?");
  await visit.answered(1);
  await eventually(async () => (await stored(visit.page)).messages.length === 4, "all messages are there again");
  assert.equal(await visit.page.getByRole("note").count(), 0);
});
