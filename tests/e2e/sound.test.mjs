// Reading aloud and dictating by the gateway's paid calls, in a browser without voices and without an ear of its own.
// What is heard is Chromium's own microphone for tests, which beeps.
import assert from "node:assert/strict";

import { accessible } from "./axe.mjs";
import { micro } from "./books.mjs";
import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite({ tokensPerSecond: 2000, browser: ["--use-fake-device-for-media-stream"] });

/** Neither voice nor ear, sound that is played at once, and a look at what is played and at the microphones. */
function deaf() {
  for (const name of ["speechSynthesis", "SpeechSynthesisUtterance", "SpeechRecognition", "webkitSpeechRecognition"]) {
    Object.defineProperty(window, name, { value: undefined });
  }
  window.played = [];
  window.pace = 500;
  const source = AudioContext.prototype.createBufferSource;
  AudioContext.prototype.createBufferSource = function () {
    const node = source.call(this);
    node.playbackRate.value = window.pace;
    const { start } = node;
    node.start = () => {
      window.played.push(node.buffer.duration);
      start.call(node);
    };
    return node;
  };
  window.tracks = [];
  const hush = async () => {
    const context = new AudioContext();
    await context.resume();
    const [tone, quiet, room] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
    quiet.gain.value = 0.0001;
    tone.connect(quiet).connect(room);
    tone.start();
    return room.stream;
  };
  const devices = navigator.mediaDevices;
  const ask = devices?.getUserMedia.bind(devices);
  if (devices) {
    devices.getUserMedia = async (wanted) => {
      const stream = window.silent ? await hush() : await ask(wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  }
  // Nobody waits two minutes for the longest recording.
  const later = window.setTimeout.bind(window);
  window.setTimeout = (call, wait, ...rest) => later(call, wait === 119_500 && window.hasty ? 900 : wait, ...rest);
}

const READ = /^Read aloud/;
const DICTATE = /^Dictate/;
const read = (within) => within.getByRole("button", { name: READ });
const dictate = (visit) => visit.page.getByRole("button", { name: DICTATE });
const alert = (visit) => visit.page.locator("triptych-copilot").getByRole("alert");
const played = (visit) => visit.page.evaluate(() => window.played.length);
const isClosed = (visit) => visit.page.evaluate(() => window.tracks.length > 0 && window.tracks.every(({ readyState }) => readyState === "ended"));
const draft = (visit, words) => eventually(async () => words.test(await visit.message().inputValue()), `the draft is ${words}`);

/** Opens the page with these attributes on its element, which are there before the copilot is. */
async function open(visit, path = "/chat.html", attributes = {}, before = deaf) {
  await visit.setFirst(attributes);
  await visit.page.addInitScript(before);
  await visit.open(path);
}

/** What was paid for sound. */
async function paid(visit) {
  const charges = await visit.demo.charges(visit.user);
  return charges.filter(({ kind, charged }) => kind !== "chat" && charged > 0);
}

const settled = (visit) => eventually(async () => (await visit.demo.balance(visit.user)).held === 0, "nothing is held");

/** Waits for the second beep from now on: the first may have begun before the recording has. */
const beeped = (visit) =>
  visit.page.evaluate(async () => {
    const context = new AudioContext();
    const ears = context.createAnalyser();
    context.createMediaStreamSource(new MediaStream(window.tracks.filter(({ readyState }) => readyState === "live"))).connect(ears);
    const heard = new Float32Array(ears.fftSize);
    const until = (loud) =>
      new Promise((done) => {
        (function look() {
          ears.getFloatTimeDomainData(heard);
          if (heard.some((sample) => Math.abs(sample) > 0.05) === loud) done();
          else requestAnimationFrame(look);
        })();
      });
    for (const loud of [true, false, true, false]) await until(loud);
    await context.close();
  });

/** Presses the microphone, and again when it has heard something. */
async function speak(visit, heard = beeped) {
  await dictate(visit).click();
  await visit.page.getByText("Recording. Press the microphone again").waitFor();
  await heard(visit);
  await dictate(visit).click();
}

/** The idempotency keys of the calls of a path, of which the first ones are refused by a network that is gone. */
async function keysOf(visit, path, broken) {
  const keys = [];
  await visit.page.route(`**${path}`, (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    return keys.length > broken ? route.continue() : route.abort("connectionreset");
  });
  visit.expect(/ERR_CONNECTION_RESET|ERR_FAILED/);
  return keys;
}

scenario("an answer is read for the price on its button, under a strict policy, and heard again for nothing", async (visit) => {
  await open(visit, "/strict-csp.html");
  await visit.say("Explain tides in detail");
  const answer = await visit.answered();
  const price = micro((await read(answer).getAttribute("title")).replace(READ, ""));
  assert.match(await read(answer).getAttribute("aria-label"), /^Read aloud · [\d.]+ credits?$/);
  await accessible(visit, "sound-offered");
  await read(answer).click();
  await visit.button("Stop reading", answer).waitFor();
  await visit.button("Read aloud", answer).waitFor();
  await settled(visit);
  const charges = await paid(visit);
  assert.ok(charges.length > 1, "a few calls");
  const sum = charges.reduce((sum, { charged }) => sum + charged, 0);
  assert.ok(sum <= price && price - sum < 10_000, `${sum} of ${price}`);
  assert.equal(await played(visit), charges.length);
  await visit.balanceShown();

  await visit.button("Read aloud", answer).click();
  await eventually(async () => (await played(visit)) === 2 * charges.length, "all of it is heard again");
  await visit.button("Read aloud", answer).waitFor();
  assert.equal((await paid(visit)).length, charges.length, "and nothing is paid again");
});

scenario("a page that was loaded anew does not pay a second time for what was paid", async (visit) => {
  await open(visit);
  await visit.say("Explain tides in short");
  await read(await visit.answered()).click();
  await visit.button("Stop reading").waitFor();
  await visit.button("Read aloud").waitFor();
  await settled(visit);
  const charges = await paid(visit);
  assert.ok(charges.length > 0);

  await visit.page.reload();
  const answer = await visit.answered();
  await read(answer).click();
  await eventually(async () => (await played(visit)) === charges.length, "all of it is heard again");
  await visit.button("Read aloud", answer).waitFor();
  await settled(visit);
  assert.deepEqual(await paid(visit), charges);
  await visit.balanceShown();
});

scenario("one part is fetched ahead, and what nobody hears is not paid", async (visit) => {
  await open(visit);
  await visit.page.evaluate(() => (window.pace = 0.01));
  await visit.say("Explain tides in detail");
  const answer = await visit.answered();
  await read(answer).click();
  await eventually(async () => (await paid(visit)).length === 2, "the first part and the next");
  await visit.shot("sound-reading");
  await visit.page.keyboard.press("Escape");
  await read(answer).waitFor();
  assert.match(await read(answer).getAttribute("title"), /credit/, "the rest still has a price");
  await settled(visit);
  assert.equal((await paid(visit)).length, 2);
  await read(answer).click();
  await eventually(async () => (await played(visit)) === 2, "it begins anew");
  await visit.button("New chat").click();
  await eventually(async () => (await visit.answers().count()) === 0, "another chat");
  assert.equal((await paid(visit)).length, 2, "with what was there");
});

scenario("a part that was lost on its way is asked for under its key and paid once", async (visit) => {
  await open(visit);
  await visit.say("Explain tides in short");
  const answer = await visit.answered();
  const keys = await keysOf(visit, "/v1/audio/speech", 1);
  await read(answer).click();
  await alert(visit).getByText("The connection was lost").waitFor();
  await visit.button("Read aloud", answer).click();
  await eventually(async () => (await played(visit)) === 1, "it is heard");
  assert.equal(keys[0], keys[1]);
  await alert(visit).waitFor({ state: "hidden" });
  await settled(visit);
});

scenario("a reading that is refused says why", async (visit) => {
  await open(visit);
  await visit.say("Explain tides in short");
  const answer = await visit.answered();
  visit.expect(/status of (402|429|502)/);
  for (const [status, code, message] of [
    [402, "insufficient_credits", "This needs 2 credits and 1 is free."],
    [429, "rate_limited", "Too many calls. Try again in 3 seconds."],
  ]) {
    const error = { message, type: "invalid_request_error", code, param: null };
    await visit.page.route("**/v1/audio/speech", (route) => route.fulfill({ status, json: { error } }), { times: 1 });
    await read(answer).click();
    await alert(visit).getByText(message).waitFor();
    await visit.button("Dismiss").click();
    await read(answer).waitFor();
  }
  await visit.page.route("**/v1/audio/speech", (route) => route.fulfill({ contentType: "audio/mpeg", body: "noise" }), { times: 1 });
  await read(answer).click();
  await alert(visit).getByText("could not play").waitFor();
  await visit.shot("sound-refused");
});

scenario("a browser that loads its voices late reads for nothing", async (visit) => {
  await open(visit, "/chat.html", {}, () => {
    window.voices = [];
    window.said = [];
    window.SpeechSynthesisUtterance = class {
      constructor(text) {
        this.text = text;
      }
    };
    const speak = ({ text, lang }) => window.said.push({ text, lang });
    Object.defineProperty(window, "speechSynthesis", { value: { getVoices: () => window.voices, speak, cancel() {} } });
  });
  await visit.say("Explain tides in short");
  const answer = await visit.answered();
  await eventually(async () => /credit/.test(await read(answer).getAttribute("title")), "without voices it has a price");
  await visit.page.evaluate(() => window.voices.push({ lang: "en" }));
  await read(answer).click();
  await eventually(() => visit.page.evaluate(() => window.said.length === 1), "the browser speaks");
  await visit.button("Stop reading", answer).click();
  await visit.button("Read aloud", answer).waitFor();
  assert.deepEqual(await paid(visit), []);
});

scenario(
  "what is said is recorded, written down where the cursor is, and paid by its length",
  async (visit) => {
    await open(visit, "/chat.html", { dictation: "" });
    assert.match(await dictate(visit).getAttribute("title"), /^Dictate · up to 0\.6 credits$/);
    await visit.message().fill("Explain please");
    await visit.message().evaluate((box) => box.setSelectionRange(7, 7));
    await dictate(visit).click();
    await visit.page.getByText("Recording. Press the microphone again").waitFor();
    assert.equal(await dictate(visit).getAttribute("aria-pressed"), "true");
    await accessible(visit, "recording");
    await visit.message().press("End");
    await visit.message().pressSequentially(", now");
    await visit.message().evaluate((box) => box.setSelectionRange(7, 7));
    await beeped(visit);
    await dictate(visit).click();
    await draft(visit, /^Explain This is a recording of \d+ seconds\. please, now$/);
    assert.equal(await isClosed(visit), true);
    assert.equal(await dictate(visit).getAttribute("aria-pressed"), "false");
    await settled(visit);
    const charges = await paid(visit);
    assert.equal(charges.length, 1);
    await visit.balanceShown();
    await visit.button("Send").click();
    await visit.answered();
  },
  { permissions: ["microphone"] },
);

scenario(
  "what is taken back, or silent, costs nothing, and the microphone is closed",
  async (visit) => {
    await open(visit, "/chat.html", { dictation: "" });
    await dictate(visit).click();
    await visit.page.getByText("Recording. Press the microphone again").waitFor();
    await visit.button("Cancel").click();
    await visit.page.getByText("Recording. Press the microphone again").waitFor({ state: "hidden" });
    assert.equal(await isClosed(visit), true);
    await dictate(visit).click();
    await visit.page.getByText("Recording. Press the microphone again").waitFor();
    await visit.page.keyboard.press("Escape");
    await eventually(() => isClosed(visit), "Escape takes it back, too");
    await visit.page.evaluate(() => (window.silent = true));
    // As long as a word.
    await speak(visit, () => visit.page.evaluate(() => new Promise((done) => setTimeout(done, 1_000))));
    await alert(visit).getByText("Nothing was heard").waitFor();
    assert.equal(await isClosed(visit), true);
    assert.deepEqual(await paid(visit), []);
  },
  { permissions: ["microphone"] },
);

scenario(
  "the longest recording ends by itself, and one that was lost on its way is sent again under its key",
  async (visit) => {
    await open(visit, "/chat.html", { dictation: "" });
    await visit.page.evaluate(() => (window.hasty = true));
    const keys = await keysOf(visit, "/v1/audio/transcriptions", 1);
    await dictate(visit).click();
    await alert(visit).getByText("The connection was lost").waitFor();
    assert.equal(await isClosed(visit), true);
    await accessible(visit, "recording-kept");
    await visit.button("Try again").click();
    await draft(visit, /^This is a recording of \d seconds?\.$|recording/);
    assert.equal(keys[0], keys[1]);
    await settled(visit);
    assert.equal((await paid(visit)).length, 1);
  },
  { permissions: ["microphone"] },
);

scenario("a microphone that is refused is told with what helps", async (visit) => {
  await open(visit, "/chat.html", { dictation: "" });
  await dictate(visit).click();
  await alert(visit).getByText("Allow it for this page").waitFor();
  assert.equal(await dictate(visit).getAttribute("aria-pressed"), "false");
  assert.deepEqual(await paid(visit), []);
});

scenario("without the page's word there is no microphone", async (visit) => {
  await open(visit);
  await visit.message().waitFor();
  assert.equal(await dictate(visit).count(), 0);
});

scenario(
  "on a narrow page written from right to left, in the dark, there is room for it all",
  async (visit) => {
    await visit.page.addInitScript(deaf);
    await visit.page.goto(new URL("/chat.html", visit.demo.url).href);
    await visit.page.locator("triptych-copilot").evaluate((element) => {
      element.setAttribute("dictation", "");
      element.setAttribute("locale", "ar");
    });
    await visit.page.getByRole("button", { name: /^الإملاء الصوتي/ }).click();
    await visit.page.getByText("جارٍ التسجيل").waitFor();
    await accessible(visit, "recording-narrow");
    const wider = await visit.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wider, false, "nothing is cut off");
  },
  { viewport: { width: 320, height: 640 }, colorScheme: "dark", permissions: ["microphone"] },
);
