import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { micro } from "./books.mjs";
import { CREDIT, eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();

const prompt = (visit) => visit.page.getByRole("textbox", { name: "Describe the picture" });
const generate = (visit) => visit.button("Generate image");
const pictures = (visit) => visit.page.getByRole("article", { name: "Pictures" });

async function openPanel(visit) {
  await visit.open("/");
  await visit.tab("Image").click();
  await generate(visit).waitFor();
}

scenario("a picture comes in the size asked for and costs what the button said", async (visit) => {
  await openPanel(visit);
  await prompt(visit).fill("A lighthouse at dusk");
  await visit.page.getByLabel("Size").selectOption("1536x1024");
  const price = await visit.priceBeside(generate(visit));
  assert.equal(price, 3 * CREDIT);
  const before = await visit.shownBalance();
  await generate(visit).click();
  await visit.page.getByRole("progressbar", { name: "Making the picture" }).waitFor();
  await visit.shot("image-drawing");
  const image = visit.page.getByRole("img", { name: "A lighthouse at dusk" });
  await image.waitFor();
  await eventually(() => image.evaluate((node) => node.complete && node.naturalWidth > 0), "the picture is there");
  assert.deepEqual(await image.evaluate((node) => [node.naturalWidth, node.naturalHeight]), [1536, 1024]);
  await visit.balanceShown();
  assert.equal(before - (await visit.shownBalance()), price);
  assert.equal(micro(/charged ([\d.,]+)/i.exec(await pictures(visit).first().innerText())[1]), price);
  await visit.shot("image-done");
});

scenario("a picture can be saved as a file", async (visit) => {
  await openPanel(visit);
  await prompt(visit).fill("A paper boat");
  await generate(visit).click();
  const link = visit.page.getByRole("link", { name: "Download" });
  await link.waitFor();
  const [download] = await Promise.all([visit.page.waitForEvent("download"), link.click()]);
  assert.match(download.suggestedFilename(), /\.png$/);
  const bytes = await readFile(await download.path());
  assert.equal(bytes.subarray(1, 4).toString(), "PNG");
});

scenario("the price follows the form, and two pictures cost twice as much", async (visit) => {
  await openPanel(visit);
  await prompt(visit).fill("Two cats");
  assert.equal(await visit.priceBeside(generate(visit)), 2 * CREDIT);
  await visit.page.getByLabel("Size").selectOption("2048x2048");
  assert.equal(await visit.priceBeside(generate(visit)), 4 * CREDIT);
  await visit.page.getByLabel("Size").selectOption("1024x1024");
  await visit.page.getByRole("slider", { name: "Pictures" }).fill("2");
  const price = await visit.priceBeside(generate(visit));
  assert.equal(price, 4 * CREDIT);
  await generate(visit).click();
  await eventually(async () => (await visit.page.getByRole("img", { name: "Two cats" }).count()) === 2, "two pictures");
  await visit.balanceShown();
  assert.equal(1000 * CREDIT - (await visit.shownBalance()), price);
  await visit.shot("image-two");
});

scenario("a picture that fails says so, keeps the prompt, costs nothing and can be tried again", async (visit) => {
  visit.expect(/status of 50\d/);
  await openPanel(visit);
  await prompt(visit).fill("A fox [[fault-once:500]]");
  await generate(visit).click();
  await visit.page.getByRole("alert").waitFor();
  assert.match(await prompt(visit).inputValue(), /A fox/);
  await visit.balanceShown();
  assert.equal(await visit.shownBalance(), 1000 * CREDIT);
  await visit.shot("image-failed");
  await visit.button("Retry").click();
  await visit.page.getByRole("img", { name: /A fox/ }).waitFor();
  assert.equal(await visit.page.getByRole("alert").count(), 0);
});

scenario("a click whose answer is lost is paid once when it is tried again", async (visit) => {
  visit.expect(/net::ERR_/);
  await openPanel(visit);
  let lost = 0;
  await visit.page.route("**/v1/images/generations", async (route) => {
    if (route.request().method() !== "POST" || lost++ > 0) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await prompt(visit).fill("A kite");
  await generate(visit).click();
  await visit.page.getByRole("alert").waitFor();
  await visit.button("Retry").click();
  await visit.page.getByRole("img", { name: "A kite" }).waitFor();
  await visit.balanceShown();
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
  assert.equal(await visit.shownBalance(), 998 * CREDIT);
});

scenario("a retry while the first click is still worked on waits for its picture and pays once", async (visit) => {
  visit.expect(/net::ERR_|status of 409/);
  await openPanel(visit);
  let lost = 0;
  await visit.page.route("**/v1/images/generations", async (route) => {
    if (route.request().method() !== "POST" || lost++ > 0) return route.continue();
    // The gateway goes on with it, and nobody is there to hear.
    route.fetch().catch(() => {});
    await eventually(async () => (await visit.demo.balance(visit.user)).held > 0, "the gateway has taken it");
    return route.abort("connectionreset");
  });
  await prompt(visit).fill("A kite");
  await generate(visit).click();
  await visit.button("Retry").click();
  await visit.page.getByRole("img", { name: "A kite" }).waitFor();
  assert.equal(await visit.page.getByRole("alert").count(), 0);
  assert.ok(lost > 2, "the gateway said that it was busy with it");
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
  await visit.balanceShown();
});
