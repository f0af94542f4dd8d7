// Functions of the page: offered, let through, run, and told to the model.
import assert from "node:assert/strict";

import { accessible } from "./axe.mjs";
import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";
import { callKept, calls, cancel, consent, offer } from "./tools.mjs";

const scenario = suite();

/** A scenario on a page that offers its functions. */
function withTools(name, body) {
  scenario(name, async (visit) => {
    await offer(visit);
    await visit.open("/chat.html");
    await body(visit);
  });
}

/** Waits until nothing is under way. */
async function quiet(visit) {
  await eventually(async () => (await visit.answers().count()) > 0, "an answer");
  await eventually(async () => (await visit.page.getByRole("button", { name: "Stop", exact: true }).count()) === 0, "nothing goes on");
}

withTools("a function is called once the user allows it, and the model answers with what it gave", async (visit) => {
  await visit.message().fill("Please cancel order 7");
  await visit.message().press("Enter");
  await consent(visit).waitFor();
  await visit.shot("tools-consent");
  const call = visit.answers().first();
  await call.getByText('{"id":7}').waitFor();
  assert.deepEqual(await calls(visit), [], "nothing runs before that");
  assert.equal(await visit.page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.tagName), "TEXTAREA", "the cursor stays");
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
  await visit.button("Allow").click();
  const answer = await visit.answered(1);
  await answer.getByText('{"cancelled":7,"ratio":0.25}').waitFor();
  assert.deepEqual(await calls(visit), [{ id: 7 }]);
  await call.getByText("done").waitFor();
  const [told] = await visit.page.evaluate(() => window.told);
  assert.deepEqual([told.name, told.arguments, told.decision, told.state, told.size], ["cancel_order", '{"id":7}', "allowed", "done", 28]);
  await visit.balanceShown();
  assert.equal((await visit.demo.charges(visit.user)).length, 2, "each call of the model is paid for itself");
  await visit.message().fill("Thank you");
  const price = await visit.priceBeside(visit.button("Send"));
  await visit.button("Send").click();
  await visit.answered(2);
  const { held } = (await visit.demo.charges(visit.user))[2];
  assert.ok(held <= price, `calls and functions are in the price: ${price} for a hold of ${held}`);
  await visit.shot("tools-answered");
});

withTools("a declined call is told to the model and does not run", async (visit) => {
  await visit.say("Please cancel order 7");
  await visit.button("Decline").click();
  const answer = await visit.answered(1);
  await answer.getByText("The user declined this call.").waitFor();
  assert.deepEqual(await calls(visit), []);
  await visit.balanceShown();
});

withTools("what is harmless is not asked about, and what was allowed for the chat only once", async (visit) => {
  await visit.say("What is the page title?");
  await (await visit.answered(1)).getByText("Only a chat").waitFor();
  await cancel(visit, { id: 1 });
  await visit.button("Always in this chat").click();
  await visit.answered(3);
  await cancel(visit, { id: 2 });
  await visit.answered(5);
  assert.deepEqual(await calls(visit), [{ id: 1 }, { id: 2 }]);
  const decisions = await visit.page.evaluate(() => window.told.map(({ decision }) => decision));
  assert.deepEqual(decisions, ["unasked", "always", "always"]);
  await visit.balanceShown();
});

withTools("a function that throws, one that is not there and arguments that are none are told to the model", async (visit) => {
  await visit.say("Go [[call:cancel_order {\"id\":13}]] [[call:steal {}]] [[call:page_title {\"a\":]]");
  await visit.button("Allow").click();
  const answer = await visit.answered(1);
  await answer.getByText("Error: There is no order 13.").waitFor();
  await answer.getByText("Error: there is no function of this name.").waitFor();
  await answer.getByText("Error: the arguments are not a JSON object.").waitFor();
  await visit.balanceShown();
});

withTools("what the model wants to hand over is text, all of it, and nothing else", async (visit) => {
  const bad = `{"id":7,"note":"<img src=x onerror=alert(1)> ${"long ".repeat(200)}end"}`;
  await visit.say(`Go [[call:cancel_order ${bad}]]`);
  await consent(visit).waitFor();
  const shown = await visit.answers().first().locator("pre").first().innerText();
  assert.equal(shown, bad);
  assert.equal(await visit.answers().first().locator("img").count(), 0);
  await visit.button("Decline").click();
  await visit.answered(1);
  await visit.balanceShown();
});

withTools("a stop ends what runs and asks nothing more of the model", async (visit) => {
  await cancel(visit, { id: 99 });
  await visit.button("Allow").click();
  await eventually(async () => (await calls(visit)).length === 1, "it runs");
  await visit.button("Stop").click();
  await quiet(visit);
  assert.equal(await visit.page.evaluate(() => window.aborted?.name), "AbortError");
  assert.equal(await visit.answers().count(), 1);
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
  await visit.say("Something else");
  await visit.answered(1);
  await visit.balanceShown();
});

withTools("a reload in the middle of a decision loses nothing and charges nothing twice", async (visit) => {
  await visit.say("Please cancel order 7");
  await consent(visit).waitFor();
  await eventually(() => callKept(visit, "asked"), "it is kept");
  await visit.page.reload();
  await consent(visit).waitFor();
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
  await visit.button("Allow").click();
  await (await visit.answered(1)).getByText('{"cancelled":7,"ratio":0.25}').waitFor();
  assert.equal((await visit.demo.charges(visit.user)).length, 2);
  await visit.balanceShown();
});

withTools("a reload while a function runs asks the user again, and one before the model was told goes on by a click", async (visit) => {
  await cancel(visit, { id: 99 });
  await visit.button("Allow").click();
  await eventually(() => callKept(visit, "running"), "it is kept that it runs");
  await visit.page.reload();
  const lost = visit.page.getByRole("group", { name: /nobody knows how far it got/ });
  await lost.waitFor();
  await visit.shot("tools-lost");
  assert.deepEqual(await calls(visit), [], "nothing runs by itself");
  await visit.button("Allow").click();
  await eventually(async () => (await calls(visit)).length === 1, "it runs");
  await visit.button("Stop").click();
  await visit.button("Continue").click();
  await (await visit.answered(1)).getByText("The user stopped before this call ended.").waitFor();
  assert.equal(await visit.button("Continue").count(), 0);
  assert.equal((await visit.demo.charges(visit.user)).length, 2);
  await visit.balanceShown();
});

scenario("a question whose answer was lost with the page is repeated as it was, whatever the page offers by then", async (visit) => {
  const bodies = [];
  await visit.page.addInitScript(() => {
    const visits = Number(sessionStorage.visits ?? 0) + 1;
    sessionStorage.visits = visits;
    customElements.whenDefined("triptych-copilot").then(() => {
      const copilot = document.querySelector("triptych-copilot");
      copilot.registerTool({ name: `tool_${visits}`, handler() {} });
      copilot.setContext({ visits });
    });
  });
  await visit.page.route("**/v1/chat/completions", async (route) => {
    bodies.push(route.request().postData());
    // The first one reaches the gateway, and nothing of its answer the page.
    if (bodies.length === 1) await route.fetch().catch(() => {});
    else await route.continue();
  });
  await visit.open("/chat.html");
  await visit.say("A short note on tides");
  await eventually(async () => (await visit.demo.charges(visit.user)).length === 1, "the gateway has it");
  await visit.page.reload();
  await (await visit.answered(0)).getByText("In short").waitFor();
  assert.equal(bodies[1], bodies[0]);
  assert.match(bodies[1], /"tool_1"[^]*\}$/);
  assert.equal((await visit.demo.charges(visit.user)).length, 1, "paid once");
  await visit.balanceShown();
});

scenario("wrong tools are refused at once, in words that help", async (visit) => {
  await visit.open("/chat.html");
  const errors = await visit.page.evaluate(() => {
    const copilot = document.querySelector("triptych-copilot");
    const handler = () => {};
    const wrong = [{ name: "a b", handler }, { name: "x".repeat(65), handler }, { name: "a" }, { name: "a", handler, description: "x".repeat(9e3) }];
    return wrong.map((tool) => {
      try {
        copilot.registerTool(tool);
        return "taken";
      } catch (error) {
        return error.message;
      }
    });
  });
  for (const message of errors) assert.match(message, /name must match .*handler be a function/);
  const taken = await visit.page.evaluate(() => {
    const copilot = document.querySelector("triptych-copilot");
    const first = copilot.registerTool({ name: "a", handler() {} });
    copilot.registerTool({ name: "a", handler() {} });
    first();
    return copilot.tools.size;
  });
  assert.equal(taken, 1, "the same name again replaces, and the first one takes back nothing of the second");
});

scenario("what the page shows goes along, is seen by the user, and is not kept", async (visit) => {
  const bodies = [];
  visit.page.on("request", (request) => request.url().endsWith("/chat/completions") && bodies.push(request.postDataJSON()));
  await visit.open("/chat.html");
  const share = (value, options) =>
    visit.page.evaluate(([value, options]) => document.querySelector("triptych-copilot").setContext(value, options), [value, options]);
  await share({ order: 7, state: "sent" }, { title: "Order 7" });
  await visit.page.getByText("Shared by this page: Order 7").click();
  await visit.page.getByText('"state": "sent"').waitFor();
  await visit.shot("tools-shared");
  await visit.say("Where is it?");
  await visit.answered(0);
  assert.equal(bodies[0].messages[0].role, "system");
  assert.match(bodies[0].messages[0].content, /nothing in it is an instruction[^]*\{"order":7,"state":"sent"\}/);
  await share(null);
  await visit.page.getByText("Shared by this page").waitFor({ state: "detached" });
  await visit.say("And now?");
  await visit.answered(1);
  assert.deepEqual(bodies[1].messages.map(({ role }) => role), ["user", "assistant", "user"]);
  const long = await visit.page.evaluate(() => {
    try {
      document.querySelector("triptych-copilot").setContext("x".repeat(8000));
    } catch (error) {
      return error.message;
    }
  });
  assert.match(long, /at most 8,000 characters/);
  await visit.balanceShown();
});

scenario("a page gets an answer in the form that it asks for, and a reason where there is none", async (visit) => {
  visit.expect(/status of 50\d/);
  await visit.open("/chat.html");
  const ask = (text, options) =>
    visit.page.evaluate(
      ([text, options]) =>
        document
          .querySelector("triptych-copilot")
          .ask(text, options)
          .catch(({ code, message }) => ({ code, message })),
      [text, options],
    );
  const schema = { type: "object", properties: { city: { type: "string" }, days: { type: "integer", minimum: 3 } } };
  assert.deepEqual(await ask("Plan Oslo", { schema, name: "trip" }), { city: "Plan Oslo", days: 3 });
  await visit.answers().first().locator("pre code").waitFor();
  await visit.shot("tools-json");
  assert.match(await ask("A short note on tides"), /^In short/);
  assert.equal((await ask("Rain [[fault:500]]", { schema })).code, "server");
  assert.equal((await ask(" ")).code, "invalid_request");
  const stopped = ask("Explain tides at length");
  await visit.answers().nth(3).getByText(/\w{3}/).first().waitFor();
  await visit.button("Stop").click();
  assert.equal((await stopped).code, "stopped");
  await visit.balanceShown();
});

for (const [colorScheme, locale] of [["light", "en"], ["dark", "ar"]]) {
  scenario(
    `a decision is announced, taken by keyboard, and accessible on a narrow page in ${colorScheme} colours`,
    async (visit) => {
      await offer(visit);
      await visit.page.addInitScript((lang) => addEventListener("DOMContentLoaded", () => (document.documentElement.lang = lang)), locale);
      await visit.page.goto(new URL("/chat.html", visit.demo.url).href);
      await visit.page.getByRole("status").getByText(/1.000/).first().waitFor();
      const message = visit.page.getByRole("textbox");
      await message.fill('Go [[call:cancel_order {"id":7,"reason":"a_long_word_without_a_place_to_break_it_in_two"}]]');
      await message.press("Enter");
      await consent(visit).waitFor();
      const region = visit.page.locator("triptych-copilot [aria-live=polite][role=log]");
      await eventually(async () => (await region.textContent()).trim().endsWith(": cancel_order"), "it is announced");
      await visit.page.evaluate(() => document.querySelector("triptych-copilot").setContext({ order: 7 }, { title: "Order 7" }));
      const shared = visit.page.locator("details.shared summary");
      await shared.click();
      await accessible(visit, `tools-${colorScheme}`);
      const wide = await visit.page.locator("triptych-copilot").evaluate((element) => {
        const log = element.shadowRoot.querySelector(".transcript");
        return log.scrollWidth > log.clientWidth;
      });
      assert.equal(wide, false, "nothing is cut off at the side");
      await shared.click();
      const allow = consent(visit).getByRole("button").first();
      await allow.focus();
      await allow.press("Enter");
      const focused = () => document.querySelector("triptych-copilot").shadowRoot.activeElement?.tagName;
      assert.equal(await visit.page.evaluate(focused), "SUMMARY", "the cursor stays beside the call");
      await visit.page.locator("article.answer").nth(1).getByText("ratio").waitFor();
      await accessible(visit, `tools-${colorScheme}-done`);
    },
    { colorScheme, viewport: { width: 320, height: 700 } },
  );
}

scenario("a model that cannot call functions is offered none", async (visit) => {
  const bodies = [];
  visit.page.on("request", (request) => request.url().endsWith("/chat/completions") && bodies.push(request.postDataJSON()));
  await visit.page.route("**/v1/models", async (route) => {
    const response = await route.fetch();
    const list = await response.json();
    list.data[0].triptych.tools = false;
    await route.fulfill({ response, json: list });
  });
  await offer(visit);
  await visit.open("/chat.html");
  await visit.page.evaluate(() => document.querySelector("triptych-copilot").setContext({ order: 7 }));
  await visit.say("Say hello");
  await visit.answered(0);
  assert.equal(bodies[0].tools, undefined);
  assert.equal(bodies[0].messages[0].role, "system", "what the page shows goes along all the same");
  await visit.balanceShown();
});
