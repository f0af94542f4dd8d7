// What the running widget is told: the element's attributes and the sentences of its language. It is fetched beside the
// module, so that it weighs nothing on a page where no copilot is opened.

// Bundlers find the files by these very words.
/** @type {Record<string, URL>} */
const FILES = {
  ar: new URL("./locales/ar.txt", import.meta.url),
  de: new URL("./locales/de.txt", import.meta.url),
  es: new URL("./locales/es.txt", import.meta.url),
  fr: new URL("./locales/fr.txt", import.meta.url),
  he: new URL("./locales/he.txt", import.meta.url),
  it: new URL("./locales/it.txt", import.meta.url),
  ja: new URL("./locales/ja.txt", import.meta.url),
  nl: new URL("./locales/nl.txt", import.meta.url),
  pl: new URL("./locales/pl.txt", import.meta.url),
  "pt-BR": new URL("./locales/pt-BR.txt", import.meta.url),
  "zh-Hans": new URL("./locales/zh-Hans.txt", import.meta.url),
};
// Attributes that are on or off: on where they are there and do not say otherwise, as frameworks have them do.
const FLAGS = ["math", "diagrams", "dictation"];
/** @type {Record<string, string>} */
const USUAL = { iw: "he", pt: "pt-BR", zh: "zh-Hans" };
const RIGHT_TO_LEFT = ["ar", "he"];

/** @type {Map<string, Promise<string>>} */
const fetched = new Map();

/**
 * The configuration of an element as it is now, with the sentences of its language.
 *
 * @param {HTMLElement & { strings?: Record<string, string> }} element
 */
export async function read(element) {
  let tag, file, words;
  do {
    tag = wanted(element);
    file = fileOf(tag);
    words = await sentences(file);
    // What is asked for may have changed on the way.
  } while (tag !== wanted(element));
  /** @type {Record<string, string | boolean>} */
  const config = { open: element.hasAttribute("open") };
  for (const name of /** @type {any} */ (element.constructor).observedAttributes) {
    const value = element.getAttribute(name);
    if (value && name !== "open") config[name.replace(/-./g, (/** @type {string} */ found) => found[1].toUpperCase())] = value;
  }
  for (const name of FLAGS) config[name] = (element.getAttribute(name) ?? "false") !== "false";
  if (config.gateway) config.gateway = absolute(`${config.gateway}`);
  config.locale = words === undefined ? "en" : canonical(tag, file);
  config.words = (words ?? "") + overrides(element.strings);
  // Where the page says how it is written, that holds for its copilot too.
  if (words && RIGHT_TO_LEFT.includes(file) && !nearest(element, "[dir]")) config.dir = "rtl";
  return config;
}

/** @param {Element} element */
function wanted(element) {
  return element.getAttribute("locale") || nearest(element, "[lang]")?.getAttribute("lang") || navigator.language || "en";
}

/**
 * The nearest element that matches, out of shadow roots as well.
 *
 * @param {Element} element
 * @param {string} selector
 */
function nearest(element, selector) {
  for (let node = element; node; node = /** @type {any} */ (node.getRootNode()).host) {
    const found = node.closest(selector);
    if (found) return found;
  }
}

/** @param {string} tag */
function fileOf(tag) {
  const language = tag.toLowerCase().split(/[-_]/)[0];
  const file = Object.hasOwn(USUAL, language) ? USUAL[language] : language;
  return Object.hasOwn(FILES, file) ? file : "en";
}

/**
 * The file's text; nothing where it could not be had, and the next call tries again.
 *
 * @param {string} file
 */
function sentences(file) {
  if (file === "en") return "";
  if (!fetched.has(file)) fetched.set(file, text(FILES[file]));
  return fetched.get(file)?.catch(() => void fetched.delete(file));
}

/** @param {URL} url */
async function text(url) {
  const answer = await fetch(url);
  const text = await answer.text();
  // A page in the file's place is the answer of a server that does not have it.
  if (!answer.ok || !text.includes("=") || text.startsWith("<")) throw answer.status;
  return text;
}

/**
 * The tag that says what the sentences are, with the region, which decides how numbers are written.
 *
 * @param {string} tag
 * @param {string} file
 */
function canonical(tag, file) {
  try {
    const [whole] = Intl.getCanonicalLocales(tag.replaceAll("_", "-"));
    return whole.split("-")[0] === file ? whole : file;
  } catch {
    return file;
  }
}

/** @param {Record<string, string>} [strings] */
function overrides(strings = {}) {
  const lines = Object.entries(strings).map(([name, value]) => `${name[0]?.toUpperCase()}${name.slice(1)}=${value}`);
  return lines.map((line) => `\n${line.replaceAll("\n", " ")}`).join("");
}

/** @param {string} url */
function absolute(url) {
  const link = document.createElement("a");
  link.href = url;
  return link.href;
}

// The page's own language is on its way while the module is.
sentences(fileOf(wanted(document.documentElement)));
