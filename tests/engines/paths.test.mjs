// The main paths in Firefox and WebKit. Where there is no such browser, the runner of the tests has said so.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { eventually, startDemo } from "../e2e/demo.mjs";
import { startFirefox, startWebkit } from "./driver.mjs";

const { TRIPTYCH_FIREFOX, TRIPTYCH_WEBKIT_DRIVER, TRIPTYCH_WEBKIT } = process.env;
const ENGINES = [
  ["firefox", TRIPTYCH_FIREFOX, () => startFirefox(TRIPTYCH_FIREFOX)],
  ["webkit", TRIPTYCH_WEBKIT_DRIVER, () => startWebkit(TRIPTYCH_WEBKIT_DRIVER, TRIPTYCH_WEBKIT)],
];
const LIMIT = { timeout: 180_000 };

let demo;
before(async () => void (demo = await startDemo({ videoSpeed: 20, tokensPerSecond: 60, imageMs: 1000 })));
after(() => demo?.stop());

const ANSWER = "article[aria-label=Copilot]";

for (const [engine, found, start] of ENGINES) {
  describe(engine, { skip: found ? false : "not installed" }, () => {
    let browser;
    before(async () => void (browser = await start()));
    after(() => browser?.stop());

    /** Opens a page and waits until its copilot can be used. */
    async function open(path) {
      await browser.open(new URL(path, demo.url).href);
      await eventually(async () => /\d/.test(await browser.text("[role=status][aria-label=Credits]")), "the balance", 60_000);
    }

    /** Opens a page where nothing has been said yet: conversations are kept. */
    async function begin(path) {
      await open(path);
      await eventually(async () => {
        if ((await browser.all("article.message")).length === 0) return true;
        await browser.click("button[aria-label='New chat']:enabled");
        return false;
      }, "an empty conversation");
    }

    async function say(text) {
      await browser.type("textarea[aria-label=Message]", text);
      await browser.click("button[aria-label=Send]");
    }

    /** Waits until so many answers are over, and gives the words of the last. */
    async function answered(count) {
      return eventually(async () => {
        const answers = await browser.all(ANSWER);
        if (answers.length !== count) return "";
        return browser.run("const last = arguments[0]; return last.ariaBusy === 'true' || last.getAttribute('aria-busy') === 'true' ? '' : last.innerText", answers.at(-1));
      }, `answer ${count}`, 60_000);
    }

    test("an answer with Markdown comes with its receipt", LIMIT, async () => {
      await begin("/chat.html");
      await say("Compare tea and coffee");
      const words = await answered(1);
      assert.match(words, /charged [\d.,]+/i);
      assert.ok((await browser.all(`${ANSWER} table td`)).length > 2, "a table");
      const line = await browser.one(`${ANSWER} td`);
      assert.ok(await browser.run("const words = document.createRange(); words.selectNodeContents(arguments[0]); return words.getBoundingClientRect().height > 8", line), "a font");
      await browser.shot("chat");
    });

    test("a conversation is carried on, with code", LIMIT, async () => {
      await begin("/chat.html");
      await say("Hello");
      await answered(1);
      await say("Write some code");
      await answered(2);
      await browser.one(`${ANSWER} figure.code pre`);
      await browser.shot("code");
      const log = await browser.one("[role=log]");
      await eventually(() => browser.run("const log = arguments[0]; return log.scrollHeight - log.scrollTop - log.clientHeight < 2", log), "the end in view");
    });

    test("an answer is stopped and what it cost is shown", LIMIT, async () => {
      await begin("/chat.html");
      await say("Explain tides");
      await eventually(async () => (await browser.text(ANSWER)).length > 20, "words");
      await browser.click("button[aria-label=Stop]");
      assert.match(await answered(1), /Stopped/);
      await eventually(async () => /charged/i.test(await browser.text(ANSWER)), "the receipt");
      await browser.shot("stopped");
    });

    test("an answer that breaks keeps its words and is asked for again", LIMIT, async () => {
      await begin("/chat.html");
      // The other browser's question has had its fault already.
      await say(`Explain tides as ${engine} does [[fault-once:reset]]`);
      await browser.one(`${ANSWER} [role=alert]`);
      await browser.shot("broken");
      await browser.click("button", "Retry");
      await browser.none(`${ANSWER} [role=alert]`);
      assert.ok((await answered(1)).length > 20);
    });

    test("a picture is drawn", LIMIT, async () => {
      await open("/");
      await browser.click("[role=tab][data-panel=image]");
      await browser.type("#panel-image textarea", "A lighthouse at dusk");
      await browser.click("button", "Generate image");
      const image = await browser.one("#panel-image img", "", 60_000);
      await eventually(() => browser.run("return arguments[0].complete && arguments[0].naturalWidth > 0", image), "the picture is there");
      await browser.shot("image");
    });

    test("a clip is made to the end, and is still there after a reload", LIMIT, async () => {
      await open("/");
      await browser.click("[role=tab][data-panel=video]");
      await browser.type("#panel-video textarea", "A paper boat in the rain");
      await browser.click("button", "Generate video");
      await browser.one("#panel-video article [role=progressbar], #panel-video video");
      await browser.shot("video-running");
      await browser.one("#panel-video video", "", 90_000);
      await browser.shot("video");
      await browser.reload();
      await eventually(async () => /\d/.test(await browser.text("[role=status][aria-label=Credits]")), "the balance", 60_000);
      await browser.click("[role=tab][data-panel=video]");
      await browser.one("#panel-video video", "", 60_000);
    });

    test("the list of chats opens, with what was said", LIMIT, async () => {
      await open("/chat.html");
      await browser.click("button[aria-label=Chats]");
      await eventually(async () => (await browser.text("[role=region][aria-label=Chats]")).includes("Explain tides"), "the chat is listed");
      await browser.shot("chats");
    });

    test("an answer is read aloud by the gateway where the browser has no voice", LIMIT, async () => {
      await begin("/chat.html");
      await say("Explain ebb in short");
      await answered(1);
      // A browser is given a moment to load its voices before the gateway's are offered.
      const priced = () => browser.run("return /credit/.test(arguments[0].getAttribute('aria-label'))", button);
      const button = await browser.one(`${ANSWER} button[aria-label^='Read aloud']`);
      const paid = await eventually(priced, "a price", 5_000).catch(() => false);
      if (!paid) return console.log(`${engine} has voices of its own`);
      const credits = () => browser.text("[role=status][aria-label=Credits]");
      const before = await credits();
      await browser.click(`${ANSWER} button[aria-label^='Read aloud']`);
      await browser.one(`${ANSWER} button[aria-label='Stop reading']`);
      await eventually(async () => (await credits()) !== before, "it is paid");
      await browser.shot("read-aloud");
      // Where there is no loudspeaker it takes for ever.
      await browser.click(`${ANSWER} button[aria-label='Stop reading']`);
      await browser.one(`${ANSWER} button[aria-label^='Read aloud']`);
      await browser.none("[role=alert]");
    });

    test("what is typed survives a reload, and the strictest policy is kept", LIMIT, async () => {
      await open("/strict-csp.html");
      await browser.run("window.broken = []; document.addEventListener('securitypolicyviolation', (event) => window.broken.push(event.violatedDirective))");
      await browser.type("textarea[aria-label=Message]", "half a thought");
      await browser.reload();
      await eventually(
        async () => (await browser.run("return arguments[0].value", await browser.one("textarea[aria-label=Message]"))) === "half a thought",
        "the draft",
        60_000,
      );
      await browser.shot("strict");
    });

    test("the console has nothing to say", LIMIT, async () => {
      // What is written as the page goes may come too late; what was written before holds together by itself.
      const late = "IndexedDB transaction that was not yet complete";
      const expected = new RegExp(`fault-once|net::|NetworkError|strict-csp|Layout was forced|status of 50\\d|${late}`);
      // Debian's Firefox has no decoder of its own for clips.
      const plays = await browser.run("return document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.42E01E\"') !== ''");
      const undecoded = plays ? /^$/ : /^Media resource .* could not be decoded/;
      assert.deepEqual((await browser.problems()).filter((line) => !expected.test(line) && !undecoded.test(line)), []);
    });
  });
}
