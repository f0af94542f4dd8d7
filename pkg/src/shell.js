// What stands in the shadow root while the module is not running: a button, a blank, or a sentence with a button.

// Written tight: it is a third of what every page with a copilot loads.
const css = `:host(:not([hidden])){display:block;color-scheme:light dark}\
:host([theme=light]){color-scheme:light}\
:host([theme=dark]){color-scheme:dark}\
.shell{position:fixed;inset-block-end:20px;inset-inline-end:20px;z-index:2000000000;padding:16px;border:0;border-radius:28px;background:var(--triptych-accent,light-dark(#4f46e5,#8b87ff));box-shadow:0 4px 24px #0004;font:15px system-ui;forced-color-adjust:none}\
button.shell:before{content:"";display:block;padding:12px;background:var(--triptych-on-accent,light-dark(#fff,#15131f));clip-path:path("M9 4h6v16H9zM3 7h4v10H3zm14 0h4v10h-4z")}\
div.shell{background:Canvas;color:CanvasText}\
:host([mode=inline]) .shell{position:static;min-height:120px}\
.shell[aria-busy]{opacity:.7}`;

/** All copilots of a page share it. Where there is no browser there is none. */
export const sheet = globalThis.CSSStyleSheet && new CSSStyleSheet();
sheet?.replaceSync(css);

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  node.append(...children);
  return node;
}

/**
 * A sentence about what went wrong, a way on, and whatever the page put into the element for this case.
 *
 * @param {string} message
 * @param {() => void} click
 */
export function alert(message, click) {
  const button = make("button", {}, "Reload the copilot");
  button.onclick = click;
  return make("div", { class: "shell", role: "alert" }, make("p", {}, message), button, make("slot", {}));
}
