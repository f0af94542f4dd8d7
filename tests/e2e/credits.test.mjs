import assert from "node:assert/strict";

import { CREDIT, eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();

const clip = (visit) => visit.page.getByRole("textbox", { name: "Describe the clip" });
const generate = (visit) => visit.button("Generate video");

/** Hears of top-ups as the page does. */
const hear = (visit, prevent) =>
  visit.page.evaluate((prevent) => {
    window.topUps = [];
    document.addEventListener("triptych-top-up", (event) => {
      window.topUps.push({ ...event.detail, cancelable: event.cancelable });
      if (prevent) event.preventDefault();
    });
  }, prevent);

scenario(
  "a clip that the balance does not cover is disabled with the reason and a way to more",
  async (visit) => {
    await visit.open("/");
    await hear(visit, true);
    await visit.tab("Video").click();
    await clip(visit).fill("A boat");
    assert.ok(await generate(visit).isDisabled());
    await visit.page.getByText("This needs 20 credits and 3 are free.").waitFor();
    await visit.shot("credits-short");
    await visit.page.getByRole("link", { name: "Top up" }).click();
    assert.deepEqual(await visit.page.evaluate("window.topUps"), [
      { url: `${visit.demo.url}/top-up.html`, needed: 20 * CREDIT, available: 3 * CREDIT, cancelable: true },
    ]);
    await clip(visit).press("Control+Enter");
    assert.deepEqual(await visit.demo.charges(visit.user), [], "nothing was sent");
  },
  { credits: 3 },
);

scenario(
  "the top-up link opens the shop, unless the page takes care of it",
  async (visit) => {
    await visit.open("/");
    await visit.tab("Video").click();
    await clip(visit).fill("A boat");
    const link = visit.page.getByRole("link", { name: "Top up" });
    assert.match(await link.getAttribute("rel"), /noopener/);
    const [shop] = await Promise.all([visit.context.waitForEvent("page"), link.click()]);
    await shop.waitForLoadState();
    assert.match(shop.url(), /top-up\.html$/);
    await shop.close();
    await visit.page.bringToFront();
    await hear(visit, true);
    await link.click();
    await eventually(() => visit.page.evaluate("window.topUps.length === 1"), "the page hears of it");
    assert.equal(visit.context.pages().length, 1, "no tab was opened");
  },
  { credits: 3 },
);

scenario(
  "a message that the balance does not cover is not sent and not lost",
  async (visit) => {
    await visit.open("/chat.html");
    await visit.message().fill("Hello");
    await visit.page.getByText(/This needs 1\.5\d credits and 0\.5 are free\./).waitFor();
    assert.ok(await visit.button("Send").isDisabled());
    await visit.message().press("Enter");
    assert.equal(await visit.message().inputValue(), "Hello");
    await visit.shot("credits-chat-short");
  },
  { credits: 0.5 },
);

scenario("the price of a message grows while it is typed", async (visit) => {
  await visit.open("/chat.html");
  await visit.message().fill("Hi");
  const short = await visit.priceBeside(visit.message());
  await visit.message().fill("word ".repeat(400));
  assert.ok((await visit.priceBeside(visit.message())) > short);
});

scenario(
  "the server's word wins where the balance was spent elsewhere",
  async (visit) => {
    visit.expect(/status of 402/);
    await visit.open("/");
    await visit.tab("Video").click();
    await clip(visit).fill("A boat");
    assert.ok(await generate(visit).isEnabled());
    const picture = { model: "gpt-image-1.5", prompt: "elsewhere", size: "2048x2048", n: 3 };
    await visit.demo.call(visit.user, "/v1/images/generations", picture);
    assert.equal(await visit.shownBalance(), 25 * CREDIT, "the widget does not know yet");
    await generate(visit).click();
    await visit.page.getByRole("alert").waitFor();
    await visit.shot("credits-refused");
    await visit.balanceShown();
    assert.equal(await visit.shownBalance(), 13 * CREDIT);
    assert.equal(await clip(visit).inputValue(), "A boat", "the prompt is kept");
    await visit.page.getByText("This needs 20 credits and 13 are free.").waitFor();
    assert.ok(await generate(visit).isDisabled());
  },
  { credits: 25 },
);

scenario(
  "a message refused for want of credits keeps its words and works after a top-up",
  async (visit) => {
    visit.expect(/status of 402/);
    await visit.open("/chat.html");
    await visit.message().fill("Tell me about tea");
    await visit.demo.call(visit.user, "/v1/images/generations", { model: "gpt-image-1.5", prompt: "elsewhere" });
    await visit.button("Send").click();
    await visit.page.getByRole("alert").waitFor();
    await visit.balanceShown();
    await visit.page.getByText("Tell me about tea").waitFor();
    await visit.shot("credits-chat-refused");
    await visit.topUp(10);
    await visit.page.locator("triptych-copilot").evaluate((element) => element.refreshCredits());
    await visit.balanceShown();
    await visit.button("Retry").click();
    await eventually(async () => (await visit.page.getByRole("alert").count()) === 0, "the error is gone");
    await visit.answered();
    await visit.balanceShown();
  },
  { credits: 2 },
);

scenario("the page hears of every change of the balance", async (visit) => {
  await visit.open("/events.html");
  const shown = visit.page.locator("#balance");
  await eventually(async () => (await shown.innerText()) === "1000", "the first balance");
  await visit.tab("Image").click();
  await visit.page.getByRole("textbox", { name: "Describe the picture" }).fill("A cup");
  await visit.button("Generate image").click();
  await visit.page.getByText(/image asset_|image \w+/).waitFor();
  await eventually(async () => (await shown.innerText()) === "998", "the balance after the picture");
});
