// Parts of the widget that are fetched when they are first needed. Quick builds have none.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";
import { keepExports, trap } from "./trap.mjs";

const scenario = suite();

const PARTS = /triptych_(panels|more|more_panels)\.wasm/;
const folder = process.env.TRIPTYCH_DEMO_WIDGET;
const whole = folder && !existsSync(join(folder, "triptych_more.wasm"));

/** Runs where there are parts. */
const inParts = whole ? (name) => console.log(`left out, the widget is of one piece: ${name}`) : scenario;

/** The parts that a page asks for, in their order. */
function asked(visit) {
  const asked = [];
  visit.page.on("request", (request) => {
    const [, part] = PARTS.exec(request.url()) ?? [];
    if (part) asked.push(part);
  });
  return asked;
}

const settings = (visit) => visit.page.getByRole("group", { name: "Announce answers" });

inParts("a chat needs no part until something of it is wanted, and then once", async (visit) => {
  const parts = asked(visit);
  await visit.open("/chat.html");
  await visit.say("Explain tides in short");
  await visit.answered();
  assert.deepEqual(parts, []);
  await visit.button("Settings").click();
  await settings(visit).waitFor();
  await visit.page.keyboard.press("Escape");
  await visit.button("Chats").click();
  await visit.page.getByRole("region", { name: "Chats" }).waitFor();
  await visit.message().fill("/");
  await visit.page.getByRole("listbox").waitFor();
  assert.deepEqual(parts.sort(), ["more", "more_panels"]);
});

inParts("a part that cannot be fetched says so, and comes with another try", async (visit) => {
  visit.expect(/Failed to load resource/);
  const parts = asked(visit);
  await visit.page.route(PARTS, (route) => route.abort());
  await visit.open("/chat.html");
  await visit.button("Chats").click();
  const alert = visit.page.getByRole("alert");
  await alert.getByText("The connection was lost.").waitFor();
  await visit.shot("part-missing");
  await visit.button("Settings").click();
  await alert.nth(1).waitFor();
  await visit.shot("part-missing-settings");
  await visit.page.keyboard.press("Escape");
  await visit.page.unroute(PARTS);
  await visit.button("Try again").click();
  await visit.page.getByRole("region", { name: "Chats" }).waitFor();
  await eventually(async () => (await alert.count()) === 0, "the failure is gone");
  assert.equal(parts.filter((part) => part === "more").length, 3);
});

inParts("a part that is slow to come shows that it is coming", async (visit) => {
  let come;
  const held = new Promise((resolve) => (come = resolve));
  await visit.page.route(PARTS, async (route) => {
    await held;
    await route.continue();
  });
  await visit.open("/chat.html");
  const dots = visit.page.locator(".missing > .thinking");
  await visit.button("Settings").click();
  await dots.waitFor();
  await visit.shot("part-coming-settings");
  await visit.page.keyboard.press("Escape");
  await dots.waitFor({ state: "detached" });
  await visit.button("Chats").click();
  await dots.waitFor();
  await visit.shot("part-coming-chats");
  come();
  await visit.page.getByRole("region", { name: "Chats" }).waitFor();
  assert.equal(await dots.count(), 0);
});

inParts("what is pressed while its part cannot be fetched is told, and files that were chosen come when it is there", async (visit) => {
  visit.expect(/Failed to load resource/);
  await visit.page.route(PARTS, (route) => route.abort());
  await visit.open("/chat.html");
  await visit.say("Explain tides in short");
  await (await visit.answered()).getByRole("button", { name: /^Read aloud/ }).click();
  const alert = visit.page.getByRole("alert");
  await alert.getByText("The connection was lost.").waitFor();
  await visit.shot("part-missing-voice");
  await visit.button("Dismiss").click();
  await visit.page.locator("input[type=file]").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("ebb") });
  await alert.getByText("The connection was lost.").waitFor();
  await visit.page.unroute(PARTS);
  await visit.context.setOffline(true);
  await visit.context.setOffline(false);
  await visit.page.getByRole("list", { name: "Attachments" }).getByText("notes.txt").waitFor();
  assert.equal(await visit.page.getByRole("button", { name: "Stop reading" }).count(), 0, "nothing is read by surprise");
});

inParts("panels come with the page that has them, by themselves when the network is back", async (visit) => {
  visit.expect(/Failed to load resource/);
  await visit.page.route(PARTS, (route) => route.abort());
  await visit.open("/");
  await visit.tab("Image").click();
  const panel = visit.page.getByRole("tabpanel", { name: "Image" });
  await panel.getByRole("alert").getByText("The connection was lost.").waitFor();
  await visit.context.setOffline(true);
  await visit.page.unroute(PARTS);
  await visit.context.setOffline(false);
  await panel.getByRole("textbox").waitFor();
  await visit.tab("Video").click();
  await visit.page.getByRole("tabpanel", { name: "Video" }).getByRole("textbox").waitFor();
});

inParts("the instance after a crash has parts of its own", async (visit) => {
  visit.expect(/RuntimeError/);
  await visit.page.addInitScript(keepExports);
  const parts = asked(visit);
  await visit.open("/chat.html");
  await visit.button("Settings").click();
  await settings(visit).waitFor();
  await visit.page.evaluate(trap);
  await visit.page.getByRole("alert").getByText("The copilot crashed.").waitFor();
  await visit.button("Reload the copilot").click();
  await visit.button("Settings").click();
  await settings(visit).waitFor();
  assert.equal(parts.filter((part) => part === "more").length, 1, "it is compiled already");
});
