// Makes the module trap, as a panic does.

/** Lets a test call into the module behind the widget's back. */
export const keepExports = () => {
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await real.apply(WebAssembly, given);
      const { exports } = made.instance ?? made;
      if (exports.widgethandle_send) window.copilotExports = exports;
      return made;
    };
  }
};

/** A handle far beyond the memory's end: the browser traps, as at a panic or when the memory is full. */
export const trap = () => {
  setTimeout(() => window.copilotExports.widgethandle_send(0x7ffffff0, 0, 0));
};
