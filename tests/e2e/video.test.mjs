import assert from "node:assert/strict";

import { CREDIT, eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

// Slow enough that there is a job to look at, fast enough to wait for.
const scenario = suite({ videoSpeed: 10 });

const prompt = (visit) => visit.page.getByRole("textbox", { name: "Describe the clip" });
const generate = (visit) => visit.button("Generate video");
const clips = (visit) => visit.page.getByRole("article", { name: "Clip" });
const player = (visit) => clips(visit).locator("video");

async function openPanel(visit) {
  await visit.open("/");
  await showPanel(visit);
}

async function showPanel(visit) {
  await visit.tab("Video").click();
  await generate(visit).waitFor();
}

/** A short draft, so that the tests do not wait for long. */
async function fill(visit, text) {
  await prompt(visit).fill(text);
  await visit.page.getByLabel("Resolution").selectOption("480p");
  await visit.page.getByRole("slider", { name: "Length" }).fill("3");
}

async function order(visit, text = "A paper boat in the rain") {
  await fill(visit, text);
  await generate(visit).click();
  await clips(visit).first().getByRole("progressbar").waitFor();
}

const finished = (visit) => player(visit).first().waitFor({ timeout: 60_000 });

/** Waits for the end of the job at the gateway, whatever the page knows of it. */
const settled = (visit) =>
  eventually(
    async () => (await visit.demo.charges(visit.user)).every((charge) => charge.state !== "held"),
    "the job ends at the gateway",
    60_000,
  );

/** Counts the widget's questions about jobs. */
function countPolls(visit) {
  const polls = { count: 0 };
  visit.page.on("request", (request) => {
    if (/\/v1\/videos\/[^/]+$/.test(new URL(request.url()).pathname)) polls.count += 1;
  });
  return polls;
}

scenario("a clip is made to the end, plays, and costs what the button said", async (visit) => {
  await openPanel(visit);
  await prompt(visit).fill("A paper boat in the rain");
  await visit.page.getByLabel("Resolution").selectOption("1080p");
  await visit.page.getByRole("slider", { name: "Length" }).fill("4");
  const price = await visit.priceBeside(generate(visit));
  assert.equal(price, 30 * CREDIT);
  await generate(visit).click();
  const clip = clips(visit).first();
  await clip.getByText(/Waiting|Being made/).waitFor();
  assert.match(await clip.locator(".clock").innerText(), /^\d+:\d\d$/);
  await clip.getByText(/\d+ %/).waitFor();
  await eventually(async () => /0:0[2-9]/.test(await clip.locator(".clock").innerText()), "the clock moves");
  await eventually(async () => /held/.test(await visit.credits().innerText()), "the hold shows");
  await visit.shot("video-progress");
  await finished(visit);
  const clipAsPlayed = await player(visit).evaluate(async (video) => {
    video.muted = true;
    await video.play();
    await new Promise((resolve) => video.addEventListener("timeupdate", () => video.currentTime > 0.2 && resolve()));
    video.pause();
    return { width: video.videoWidth, height: video.videoHeight, seconds: Math.round(video.duration) };
  });
  assert.deepEqual([clipAsPlayed.width / clipAsPlayed.height, clipAsPlayed.seconds], [16 / 9, 4]);
  await visit.balanceShown();
  assert.equal(1000 * CREDIT - (await visit.shownBalance()), price);
  await clip.getByText("Charged 30").waitFor();
  await visit.shot("video-done");
  const [download] = await Promise.all([
    visit.page.waitForEvent("download"),
    visit.page.getByRole("link", { name: "Download" }).click(),
  ]);
  assert.match(download.suggestedFilename(), /\.mp4$/);
});

scenario("the price follows resolution, length and model", async (visit) => {
  await openPanel(visit);
  assert.equal(await visit.priceBeside(generate(visit)), 20 * CREDIT);
  await visit.page.getByLabel("Resolution").selectOption("480p");
  assert.equal(await visit.priceBeside(generate(visit)), 10 * CREDIT);
  await visit.page.getByRole("slider", { name: "Length" }).fill("20");
  assert.equal(await visit.priceBeside(generate(visit)), 40 * CREDIT);
  await visit.page.getByRole("combobox", { name: "Video model" }).selectOption("sora-2-pro");
  assert.equal(await visit.priceBeside(generate(visit)), 120 * CREDIT);
});

scenario("a job goes on through a reload of the page and is charged once", async (visit) => {
  await openPanel(visit);
  await order(visit);
  await clips(visit).first().getByText(/Waiting|Being made/).waitFor();
  await visit.page.reload();
  await showPanel(visit);
  await clips(visit).first().getByText("A paper boat in the rain").waitFor();
  await visit.shot("video-reloaded");
  await finished(visit);
  assert.equal(await clips(visit).count(), 1);
  await visit.balanceShown();
  const charges = await visit.demo.charges(visit.user);
  assert.deepEqual(charges.map((charge) => charge.charged), [6 * CREDIT]);
});

scenario("a click whose answer is lost makes one job and one charge after a reload", async (visit) => {
  visit.expect(/net::ERR_/);
  await openPanel(visit);
  await loseFirstAnswer(visit);
  await fill(visit, "A lost answer");
  await generate(visit).click();
  await visit.page.getByRole("alert").waitFor();
  await visit.shot("video-lost");
  await visit.page.reload();
  await showPanel(visit);
  await finished(visit);
  await oneJob(visit);
});

scenario("a click that never reached the gateway is sent after a reload, once", async (visit) => {
  visit.expect(/net::ERR_/);
  await openPanel(visit);
  await visit.page.route(/\/v1\/videos$/, (route) =>
    route.request().method() === "POST" ? route.abort("connectionrefused") : route.continue(),
  );
  await fill(visit, "A lost click");
  await generate(visit).click();
  await visit.page.getByRole("alert").waitFor();
  assert.deepEqual(await visit.demo.charges(visit.user), []);
  await visit.page.unrouteAll();
  await visit.page.reload();
  await showPanel(visit);
  await finished(visit);
  await oneJob(visit);
});

scenario("a click whose answer is lost makes one job and one charge after a retry", async (visit) => {
  visit.expect(/net::ERR_/);
  await openPanel(visit);
  await loseFirstAnswer(visit);
  await fill(visit, "A lost answer");
  await generate(visit).click();
  await visit.button("Retry").click();
  await finished(visit);
  assert.equal(await visit.page.getByRole("alert").count(), 0);
  await oneJob(visit);
});

scenario("polling rests while the network is gone and catches up when it is back", async (visit) => {
  visit.expect(/net::ERR_/);
  await openPanel(visit);
  await order(visit);
  await clips(visit).first().getByText(/Waiting|Being made/).waitFor();
  const offline = visit.page.getByRole("note").getByText("You are offline");
  await visit.context.setOffline(true);
  await offline.waitFor();
  await visit.shot("video-offline");
  const polls = countPolls(visit);
  await settled(visit);
  assert.equal(polls.count, 0, "nothing is asked while offline");
  assert.equal(await player(visit).count(), 0);
  await visit.context.setOffline(false);
  await finished(visit);
  assert.equal(await offline.count(), 0);
  await visit.balanceShown();
});

scenario("polling rests while the page is hidden and catches up when it is seen", async (visit) => {
  const look = (hidden) =>
    visit.page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await openPanel(visit);
  await order(visit);
  await clips(visit).first().getByText(/Waiting|Being made/).waitFor();
  await look(true);
  const polls = countPolls(visit);
  await settled(visit);
  assert.equal(polls.count, 0, "nothing is asked while nobody looks");
  await look(false);
  await finished(visit);
  await visit.balanceShown();
});

scenario("a widget that is taken off the page asks no more, and its job still ends", async (visit) => {
  await openPanel(visit);
  await order(visit);
  await clips(visit).first().getByText(/Waiting|Being made/).waitFor();
  await visit.page.locator("triptych-copilot").evaluate(async (element) => {
    element.remove();
    await new Promise(requestAnimationFrame);
  });
  const polls = countPolls(visit);
  await settled(visit);
  assert.equal(polls.count, 0);
  const [charge] = await visit.demo.charges(visit.user);
  assert.equal(charge.charged, 6 * CREDIT);
});

scenario("a job that fails says so and its credits come back", async (visit) => {
  await openPanel(visit);
  await order(visit, "A clip that fails [[fault:job-failed]]");
  await clips(visit).first().getByText("all returned").waitFor({ timeout: 60_000 });
  await visit.shot("video-failed");
  await visit.balanceShown();
  assert.equal(await visit.shownBalance(), 1000 * CREDIT);
  await visit.button("Remove").click();
  await eventually(async () => (await clips(visit).count()) === 0, "the job is off the panel");
  await visit.page.reload();
  await showPanel(visit);
  assert.equal(await clips(visit).count(), 0);
});

scenario("a clip that waits can be taken back, and its credits come back", async (visit) => {
  await openPanel(visit);
  const clip = { model: "sora-2", prompt: "One of ten", duration: 20, resolution: "480p" };
  // As many as the provider works on at once.
  await Promise.all(Array.from({ length: 10 }, () => visit.demo.call(visit.user, "/v1/videos", clip)));
  await order(visit, "The eleventh");
  await clips(visit).first().getByText("in the queue").waitFor();
  await visit.shot("video-queued");
  await visit.button("Cancel").click();
  await clips(visit).first().getByText("all returned").waitFor();
  await visit.shot("video-cancelled");
  await settled(visit);
  const charged = (await visit.demo.charges(visit.user)).map((charge) => charge.charged ?? 0).sort((a, b) => a - b);
  assert.deepEqual(charged, [0, ...Array(10).fill(40 * CREDIT)]);
});

async function loseFirstAnswer(visit) {
  let lost = 0;
  await visit.page.route(/\/v1\/videos$/, async (route) => {
    if (route.request().method() !== "POST" || lost++ > 0) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
}

async function oneJob(visit) {
  assert.equal(await clips(visit).count(), 1);
  assert.equal((await visit.demo.call(visit.user, "/v1/videos")).data.length, 1);
  assert.deepEqual((await visit.demo.charges(visit.user)).map((charge) => charge.charged), [6 * CREDIT]);
  await visit.balanceShown();
}
