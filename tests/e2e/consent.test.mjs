// Whose word lets a function of the page run, for how long, and in which of several tabs.
import assert from "node:assert/strict";

import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";
import { kept, stored } from "./threads.mjs";
import { callKept, calls, cancel, consent, offer } from "./tools.mjs";

const scenario = suite();

/** The same chat in another tab of the same browser. */
async function second(visit) {
  const page = await visit.context.newPage();
  visit.watch(page);
  await offer({ page });
  await page.goto(new URL("/chat.html", visit.demo.url).href);
  return page;
}

const charges = async (visit) => (await visit.demo.charges(visit.user)).length;

scenario("of two tabs the one in which the user decides runs the function, and the other shows what came of it", async (visit) => {
  await offer(visit);
  await visit.open("/chat.html");
  await cancel(visit, { id: 99 });
  await consent(visit).waitFor();
  await eventually(() => callKept(visit, "asked"), "it is kept");
  const other = await second(visit);
  await consent(visit, other).waitFor();
  await visit.button("Allow", other).click();
  await eventually(async () => (await calls(visit, other)).length === 1, "it runs there");
  await visit.answers().first().getByText("running").waitFor();
  assert.equal(await consent(visit).count(), 0, "nothing is left to decide here");
  await other.evaluate(() => window.finish());
  for (const page of [visit.page, other]) {
    await (await visit.answered(1, page)).getByText('{"cancelled":99,"ratio":0.25}').waitFor();
    await eventually(async () => (await visit.button("Stop", page).count()) === 0, "nothing goes on");
  }
  assert.deepEqual(await calls(visit), [], "and not here");
  assert.equal(await charges(visit), 2);
  await visit.say("Thank you");
  await visit.answered(2, other);
});

scenario("whoever presses Allow in both tabs at once has it run and paid once", async (visit) => {
  await offer(visit);
  await visit.open("/chat.html");
  await cancel(visit, { id: 7 });
  await consent(visit).waitFor();
  await eventually(() => callKept(visit, "asked"), "it is kept");
  const other = await second(visit);
  await consent(visit, other).waitFor();
  // At one moment, which both tabs know beforehand. Where one is so late that nothing is left to press, the other was
  // quicker.
  const moment = Date.now() + 500;
  const press = (page) =>
    page.evaluate((moment) => {
      const { shadowRoot } = document.querySelector("triptych-copilot");
      const allow = [...shadowRoot.querySelectorAll(".consent button")].find(({ textContent }) => textContent === "Allow");
      setTimeout(() => allow?.click(), moment - Date.now());
    }, moment);
  await Promise.all([press(visit.page), press(other)]);
  for (const page of [visit.page, other]) {
    await (await visit.answered(1, page)).getByText('{"cancelled":7,"ratio":0.25}').waitFor();
    assert.equal(await visit.answers(page).count(), 2);
  }
  await kept(visit);
  const all = [...(await calls(visit)), ...(await calls(visit, other))];
  assert.deepEqual(all, [{ id: 7 }]);
  assert.equal(await charges(visit), 2);
  assert.equal((await stored(visit.page)).threads.filter(({ head }) => head !== undefined).length, 1, "one chat");
});

scenario("what runs in one tab is stopped from another, and asked about there when its tab is gone", async (visit) => {
  await offer(visit);
  await visit.open("/chat.html");
  await cancel(visit, { id: 99 });
  await visit.button("Allow").click();
  await eventually(() => callKept(visit, "running"), "it is kept that it runs");
  const other = await second(visit);
  await visit.answers(other).first().getByText("running").waitFor();
  await visit.button("Stop", other).click();
  await eventually(() => visit.page.evaluate(() => window.aborted?.name === "AbortError"), "its page hears of it");
  await visit.answers(other).first().getByText("– Stopped").waitFor();
  await eventually(async () => (await visit.button("Stop", other).count()) === 0, "nothing goes on");
  await cancel(visit, { id: 99 });
  await visit.button("Allow").click();
  const running = visit.answers(other).nth(1).getByText("running");
  await running.waitFor();
  await visit.page.close();
  visit.page = other;
  await visit.page.getByRole("group", { name: /nobody knows how far it got/ }).waitFor();
  assert.deepEqual(await calls(visit), []);
  await visit.button("Decline").click();
  await (await visit.answered(2)).getByText("The user declined this call.").waitFor();
  assert.equal(await charges(visit), 3);
});

scenario("without locks in the browser two tabs that read one answer run what it calls once", async (visit) => {
  await visit.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { value: undefined }));
  await offer(visit);
  await visit.open("/chat.html");
  await visit.say(`Go [[call:page_title {"note":"${"long ".repeat(800)}"}]]`);
  await visit.answers().first().getByText("page_title").waitFor();
  const other = await second(visit);
  await visit.answers(other).first().getByText("page_title").waitFor();
  for (const page of [visit.page, other]) await (await visit.answered(1, page)).getByText("Only a chat").waitFor();
  const looks = (page) => page.evaluate(() => window.looks);
  assert.equal((await looks(visit.page)) + (await looks(other)), 1);
  assert.equal(await charges(visit), 2);
});

scenario("what was allowed for a chat holds after a reload until the user takes it back", async (visit) => {
  await offer(visit);
  await visit.open("/chat.html");
  await cancel(visit, { id: 1 });
  await visit.button("Always in this chat").click();
  await visit.answered(1);
  await kept(visit);
  await visit.page.reload();
  await visit.answered(1);
  await cancel(visit, { id: 2 });
  await visit.answered(3);
  assert.deepEqual(await calls(visit), [{ id: 2 }], "without a question");
  await visit.answers().nth(2).locator("summary").click();
  await visit.shot("consent-always");
  await visit.answers().nth(2).getByRole("button", { name: "Ask again" }).click();
  assert.equal(await visit.button("Ask again").count(), 0);
  await cancel(visit, { id: 3 });
  await consent(visit).waitFor();
  await visit.button("Decline").click();
  await visit.answered(5);
  assert.deepEqual(await calls(visit), [{ id: 2 }]);
});

scenario("a function of which the page says something else is asked about again, and what it says is shown as text", async (visit) => {
  await offer(visit);
  await visit.open("/chat.html");
  await cancel(visit, { id: 1 });
  await consent(visit).getByText("Cancels an order").waitFor();
  await visit.button("Always in this chat").click();
  await visit.answered(1);
  const hostile = `Cancels <img src=x onerror=alert(1)>\n\n\u202e${"everything ".repeat(60)}`;
  await visit.page.evaluate((description) => {
    const copilot = document.querySelector("triptych-copilot");
    copilot.registerTool({ ...copilot.tools.get("cancel_order"), description });
  }, hostile);
  await cancel(visit, { id: 2 });
  await consent(visit).waitFor();
  await visit.shot("consent-described");
  const about = await consent(visit).locator(".about").innerText();
  assert.match(about, /^Cancels <img src=x onerror=alert\(1\)> everything everything .*…$/);
  assert.equal(about.length, 301);
  assert.equal(await consent(visit).locator("img").count(), 0);
  await visit.button("Decline").click();
  await visit.answered(3);
  await visit.balanceShown();
});

scenario("a question that failed is asked again in the form that the page wanted, also after a reload", async (visit) => {
  visit.expect(/status of 50\d/);
  await visit.open("/chat.html");
  const bodies = [];
  visit.page.on("request", (request) => request.url().endsWith("/chat/completions") && bodies.push(request.postDataJSON()));
  const schema = { type: "object", properties: { city: { type: "string" }, days: { type: "integer", minimum: 3 } } };
  const broken = (route) => route.fulfill({ status: 500, contentType: "application/json", body: '{"error":{"message":"No."}}' });
  await visit.page.route("**/v1/chat/completions", broken);
  const code = await visit.page.evaluate(
    (schema) =>
      document
        .querySelector("triptych-copilot")
        .ask("Plan Oslo", { schema, name: "trip" })
        .catch(({ code }) => code),
    schema,
  );
  assert.equal(code, "server");
  await kept(visit);
  await visit.page.unroute("**/v1/chat/completions", broken);
  await visit.page.reload();
  await visit.button("Retry").click();
  await visit.answers().first().locator("pre code").getByText('"days"').waitFor();
  assert.deepEqual(bodies.at(-1).response_format, { type: "json_schema", json_schema: { name: "trip", schema, strict: true } });
  await visit.balanceShown();
});
