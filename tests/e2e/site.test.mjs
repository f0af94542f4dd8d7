import assert from "node:assert/strict";

import { suite } from "./scenario.mjs";

const scenario = suite();

scenario("a page without a backend gives each visitor a small grant and knows them again", async (visit) => {
  // The first answer says that a newcomer has a puzzle to solve.
  visit.expect(/status of 403/);
  const session = visit.page.waitForResponse((answer) => answer.url().endsWith("/v1/site/sessions") && answer.ok());
  await visit.open("/site-key.html");
  const { user } = await (await session).json();
  // No host mints a token for a visitor, which is how the books are looked at elsewhere.
  visit.end = async () => {
    const charges = await visit.demo.charges(user);
    assert.deepEqual(charges.map((charge) => charge.state), ["committed"]);
    assert.equal((await visit.demo.audit()).ok, true);
  };
  await visit.credits().getByText("20").waitFor();
  await visit.say("Hello");
  const answer = await visit.answered(0);
  assert.equal(await answer.getByRole("alert").count(), 0);
  const kept = () => visit.page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.includes("site_pk_demo")));
  const [first] = await kept();
  assert.match(first[1], /^v[0-9a-f]{32}\.\d+\.[0-9a-f]{64}$/);
  await visit.page.reload();
  await visit.credits().waitFor();
  const [again] = await kept();
  assert.deepEqual(again, first);
});
