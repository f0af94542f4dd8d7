// What could not be sent yet: no room at the server, or no network.
import assert from "node:assert/strict";

import { suite } from "./scenario.mjs";

const scenario = suite({ tokensPerSecond: 400 });

/** The gateway's refusal, as often as told; what comes after goes through. */
async function refuse(visit, times, seconds) {
  let left = times;
  await visit.page.route("**/v1/chat/completions", (route) => {
    if (left-- <= 0) return route.continue();
    const error = { message: "Too many calls in this minute.", type: "rate_limit_error", param: null, code: "rate_limited" };
    return route.fulfill({
      status: 429,
      headers: { "retry-after": `${seconds}`, "access-control-expose-headers": "retry-after" },
      contentType: "application/json",
      body: JSON.stringify({ error }),
    });
  });
  visit.expect(/429/);
}

/** The failed answer makes room for one that has a receipt. */
const paid = (visit) => visit.answers().first().getByText(/^(Charged|Held)/).waitFor();

scenario("a message for which there was no room counts down and sends itself, and is paid once", async (visit) => {
  await visit.open("/chat.html");
  await refuse(visit, 1, 3);
  await visit.say("Say hello");
  await visit.page.getByRole("timer").filter({ hasText: /again in [123] s/ }).waitFor();
  await visit.shot("again");
  await paid(visit);
  assert.equal(await visit.answers().count(), 1, "the failed try has made room");
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
});

scenario("whoever cancels the countdown sends by hand", async (visit) => {
  await visit.open("/chat.html");
  await refuse(visit, 1, 60);
  await visit.say("Say hello");
  const timer = visit.page.getByRole("timer");
  await timer.waitFor();
  await visit.button("Cancel").click();
  await timer.waitFor({ state: "detached" });
  await visit.button("Retry").click();
  await paid(visit);
});

scenario("what is sent without a network goes out when there is one, once", async (visit) => {
  await visit.open("/chat.html");
  visit.expect(/ERR_INTERNET_DISCONNECTED/);
  await visit.context.setOffline(true);
  await visit.say("Say hello");
  await visit.page.getByText("It is sent as soon as the network is back.").first().waitFor();
  await visit.shot("again-offline");
  await visit.context.setOffline(false);
  await paid(visit);
  assert.equal((await visit.demo.charges(visit.user)).length, 1);
});
