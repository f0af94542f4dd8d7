// The list of chats: searched, named, deleted, saved as files, by mouse and by keyboard.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";
import { askAndKeep, list, openList, stored, titles } from "./threads.mjs";

const scenario = suite();

scenario("chats are listed, found by title and text, opened, named and deleted, and a deletion is undone", async (visit) => {
  await visit.open("/chat.html");
  await askAndKeep(visit, "Explain tides");
  await visit.button("New chat").click();
  await askAndKeep(visit, "Compare tea and coffee in a table");
  await openList(visit);
  await eventually(async () => (await titles(visit)).length === 2, "two lines");
  assert.deepEqual(await titles(visit), ["Compare tea and coffee in a table", "Explain tides"]);
  const pane = list(visit.page);
  assert.equal(await pane.locator("[aria-current]").innerText(), "Compare tea and coffee in a table");

  const search = pane.getByRole("searchbox", { name: "Search chats" });
  await search.fill("TIDES");
  await eventually(async () => (await titles(visit)).join() === "Explain tides", "found by title");
  const { threads, messages } = await stored(visit.page);
  const coffee = threads.find(({ title }) => title?.startsWith("Compare"));
  const rare = messages.find(({ role, thread }) => role === "assistant" && thread === coffee.id).text.match(/[A-Za-z]{7,}/)[0];
  await search.fill(rare.toUpperCase());
  await eventually(async () => (await titles(visit)).includes("Compare tea and coffee in a table"), "found by text");
  await search.fill("");

  await pane.getByRole("button", { name: "Explain tides", exact: true }).click();
  await eventually(async () => (await visit.page.locator(".bubble").innerText()) === "Explain tides", "opened");
  await pane.getByRole("button", { name: "Options of Explain tides" }).click();
  await pane.getByRole("menuitem", { name: "Rename" }).click();
  await pane.getByRole("textbox", { name: "Name of the chat" }).fill("The sea");
  await visit.page.keyboard.press("Enter");
  await eventually(async () => (await titles(visit)).includes("The sea"), "named");

  await visit.page.keyboard.press("Delete");
  await eventually(async () => !(await titles(visit)).includes("The sea"), "deleted");
  await eventually(async () => (await visit.answers().count()) === 0, "and not shown");
  await pane.getByRole("button", { name: "Undo" }).click();
  await eventually(async () => (await titles(visit)).includes("The sea"), "had back");
  await visit.page.reload();
  await openList(visit);
  await eventually(async () => (await titles(visit)).includes("The sea"), "there after a reload, with its name");
});

scenario("the list works with the keyboard alone", async (visit) => {
  await visit.open("/chat.html");
  for (const text of ["First", "Second", "Third"]) {
    if (text !== "First") await visit.button("New chat").click();
    await askAndKeep(visit, text);
  }
  const press = (key) => visit.page.keyboard.press(key);
  const focused = () =>
    visit.page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active?.getAttribute("aria-label") ?? active?.innerText ?? "";
    });
  const arrives = (name) => eventually(async () => (await focused()).trim() === name, `the focus is on ${name}`);
  await visit.button("Chats").focus();
  await press("Enter");
  await arrives("Third");
  await press("ArrowDown");
  await arrives("Second");
  await press("End");
  await arrives("First");
  await press("Enter");
  await eventually(async () => (await visit.page.locator(".bubble").innerText()) === "First", "opened");
  await press("F2");
  await arrives("Name of the chat");
  await visit.page.keyboard.type("Renamed");
  await press("Escape");
  await arrives("First");
  await press("F2");
  await arrives("Name of the chat");
  await visit.page.keyboard.type("Renamed");
  await press("Enter");
  await arrives("Renamed");
  await press("ArrowUp");
  await arrives("Second");
  await press("ArrowRight");
  await arrives("Options of Second");
  await press("Enter");
  await arrives("Rename");
  await press("End");
  await arrives("Delete");
  await press("Escape");
  await arrives("Options of Second");
  await press("ArrowLeft");
  await arrives("Second");
  await press("Delete");
  await arrives("Renamed");
  await eventually(async () => (await titles(visit)).join() === "Third,Renamed", "deleted");
  await press("Escape");
  await eventually(async () => (await titles(visit)).join() === "Third,Second,Renamed", "Escape brings it back");
  await press("Escape");
  await list(visit.page).waitFor({ state: "detached" });
  await arrives("Chats");
});

scenario("a chat is saved as Markdown and as JSON, and all of them as one file", async (visit) => {
  await visit.open("/chat.html");
  await askAndKeep(visit, "Write code to sort a list");
  await openList(visit);
  const pane = list(visit.page);
  const save = async (click) => {
    const [download] = await Promise.all([visit.page.waitForEvent("download"), click()]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
  };
  const choose = async (name) => {
    await pane.getByRole("button", { name: /^Options of/ }).click();
    await pane.getByRole("menuitem", { name }).click();
  };
  const { messages } = await stored(visit.page);
  const markdown = await save(() => choose("Save as Markdown"));
  assert.equal(markdown.name, "Write-code-to-sort-a-list.md");
  assert.ok(markdown.text.startsWith("# Write code to sort a list\n\n## You\n\nWrite code to sort a list\n\n## Copilot\n\n"));
  assert.ok(markdown.text.includes(messages.find(({ role }) => role === "assistant").text.trimEnd()));
  const one = JSON.parse((await save(() => choose("Save as JSON"))).text);
  const all = JSON.parse((await save(() => pane.getByRole("button", { name: "Export all" }).click())).text);
  assert.deepEqual(one, all);
  assert.equal(one.format, "triptych-threads");
  assert.equal(one.threads[0].messages.length, 2);
  assert.doesNotMatch(JSON.stringify(one), new RegExp(visit.user), "whose it is stays here");
});

scenario("a thousand chats are listed at once, and each can be found and reached", async (visit) => {
  await visit.open("/chat.html");
  await askAndKeep(visit, "Hello");
  await visit.page.evaluate(async () => {
    const database = await new Promise((resolve) => {
      const request = indexedDB.open("triptych");
      request.onsuccess = () => resolve(request.result);
    });
    const transaction = database.transaction(["threads", "messages"], "readwrite");
    const [threads, messages] = ["threads", "messages"].map((name) => transaction.objectStore(name));
    threads.getAll().onsuccess = ({ target }) => {
      const { owner } = target.result.find(({ head }) => head !== undefined);
      for (let index = 0; index < 1000; index++) {
        const id = `thread-${index}`;
        threads.put({ owner, id, title: `Chat ${index}`, created: 0, updated: Date.now() - index * 1e6, head: 0 });
        messages.put({ owner, thread: id, id: 0, role: "user", text: index === 900 ? "a needle" : "hay" });
      }
    };
    await new Promise((resolve) => (transaction.oncomplete = resolve));
    database.close();
  });
  await visit.page.reload();
  await visit.answers().first().waitFor();
  const milliseconds = await visit.page.evaluate(async () => {
    const { shadowRoot } = document.querySelector("triptych-copilot");
    const start = performance.now();
    shadowRoot.querySelector("[part=chats-button]").click();
    while (shadowRoot.querySelectorAll(".chats-row").length < 100) await new Promise((resolve) => setTimeout(resolve));
    return performance.now() - start;
  });
  console.log(`# the list of a thousand chats stands after ${milliseconds.toFixed(0)} ms`);
  const rows = visit.page.locator(".chats-row");
  assert.equal(await rows.count(), 100, "what nobody sees is not drawn");
  await eventually(async () => {
    await visit.page.locator(".chats-list").evaluate((list) => list.scrollTo(0, list.scrollHeight));
    return (await rows.count()) === 1001;
  }, "all of them come while one scrolls");
  await list(visit.page).getByRole("searchbox").fill("needle");
  await eventually(async () => (await titles(visit)).join() === "Chat 900", "found by its text");
  await visit.page.locator(".chats-open").click();
  await visit.page.getByText("a needle").waitFor();
});

scenario(
  "at 320 pixels the list lies over the chat, and makes room for what is chosen",
  async (visit) => {
    await visit.open("/chat.html");
    await askAndKeep(visit, "Hello");
    await openList(visit);
    assert.equal(await visit.message().isVisible(), false, "nothing behind it can be reached");
    const wide = await visit.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 320, `${wide} pixels`);
    await list(visit.page).getByRole("button", { name: "New chat" }).click();
    await list(visit.page).waitFor({ state: "detached" });
    await visit.message().waitFor();
  },
  { viewport: { width: 320, height: 640 } },
);
