import assert from "node:assert/strict";

import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();

/** Puts other tokens in the place of the page's own. */
async function tokens(visit, make) {
  const handed = [];
  await visit.context.unroute("**/demo/token*");
  await visit.context.route("**/demo/token*", async (route) => {
    const answer = await make(handed.length);
    handed.push(answer);
    return route.fulfill(answer.status ? answer : { json: answer });
  });
  return handed;
}

/** Waits until the gateway takes a token no more. */
const expired = (visit, token) =>
  eventually(async () => {
    const headers = { authorization: `Bearer ${token.client_secret}` };
    const answer = await fetch(`${visit.demo.url}/v1/credits`, { headers });
    return answer.status === 401 && (await answer.json()).error.code === "token_expired";
  }, "the token expires", 90_000);

/** Writes down why the page is asked for tokens. */
const listen = (visit) =>
  visit.page.addInitScript(() => {
    window.reasons = [];
    addEventListener("DOMContentLoaded", () => {
      const copilot = document.querySelector("triptych-copilot");
      const own = copilot.getToken;
      copilot.getToken = (reason) => {
        window.reasons.push(reason);
        return own(reason);
      };
    });
  });

const shortLived = (visit) => async () => {
  const { client_secret, expires_at } = await visit.demo.mint(visit.user, 2);
  return { client_secret, expires_at };
};

scenario("a conversation outlives its token", async (visit) => {
  const handed = await tokens(visit, shortLived(visit));
  await listen(visit);
  await visit.open("/chat.html");
  await visit.say("Hello");
  await visit.answered(0);
  await expired(visit, handed.at(-1));
  const before = handed.length;
  await visit.say("Are you still there?");
  const answer = await visit.answered(1);
  assert.equal(await answer.getByRole("alert").count(), 0);
  assert.ok(handed.length > before, "another token was asked for");
  const reasons = await visit.page.evaluate("window.reasons");
  assert.deepEqual([reasons[0], reasons.at(-1)], ["first", "expiring"]);
});

scenario("a token that the gateway calls expired is replaced without a word", async (visit) => {
  visit.expect(/status of 401/);
  const handed = await tokens(visit, async (index) => {
    if (index > 0) return visit.demo.mint(visit.user);
    // A backend with a wrong clock.
    return { ...(await visit.demo.mint(visit.user, 2)), expires_at: Date.now() / 1000 + 600 };
  });
  await listen(visit);
  await visit.open("/chat.html");
  await expired(visit, handed[0]);
  await visit.say("Hello");
  const answer = await visit.answered(0);
  assert.equal(await answer.getByRole("alert").count(), 0);
  assert.deepEqual(await visit.page.evaluate("window.reasons"), ["first", "expired"]);
  await visit.balanceShown();
});

scenario("a token that expires in the middle of an answer does not break it", async (visit) => {
  const handed = await tokens(visit, shortLived(visit));
  await visit.open("/chat.html");
  await visit.say("Explain tides at length");
  await visit.answers().first().getByText(/\w{3}/).first().waitFor();
  await expired(visit, handed.at(-1));
  const answer = await visit.answered(0);
  assert.equal(await answer.getByRole("alert").count(), 0);
});

scenario("a bare string is a token, too", async (visit) => {
  const { client_secret } = await visit.demo.mint(visit.user);
  await visit.page.addInitScript((token) => {
    addEventListener("DOMContentLoaded", () => {
      document.querySelector("triptych-copilot").getToken = () => token;
    });
  }, client_secret);
  await visit.open("/");
  await visit.say("Hello");
  await visit.answered(0);
});

scenario("a page whose backend hands out no token says so and works once it does", async (visit) => {
  visit.expect(/status of 503/);
  await tokens(visit, (index) => (index < 2 ? { status: 503, body: "out" } : visit.demo.mint(visit.user)));
  await visit.page.goto(`${visit.demo.url}/`);
  const alert = visit.page.getByRole("alert");
  await alert.waitFor();
  await visit.shot("token-none");
  await visit.button("Try again").click();
  await visit.credits().getByText("1,000").waitFor();
  assert.equal(await alert.count(), 0);
});

scenario("a token that is refused for good is told and not asked for without end", async (visit) => {
  visit.expect(/status of 401/);
  const handed = await tokens(visit, () => ({ client_secret: "not.a.token", expires_at: Date.now() / 1000 + 600 }));
  await visit.page.goto(`${visit.demo.url}/`);
  await visit.page.getByRole("alert").waitFor();
  assert.ok(handed.length <= 4, `${handed.length} tokens were asked for`);
});
