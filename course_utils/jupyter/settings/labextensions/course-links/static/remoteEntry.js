// JupyterLab goes to the place that a link names only in a notebook that is open already: it looks for one before the
// file of the address has come. Here the place is kept until that notebook is there.
(() => {
  const read = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const place = read(window.location.hash); // JupyterLab takes it out of the address
  const path = read(window.location.pathname);
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  async function go(app) {
    if (place.length < 2) {
      return;
    }
    const acts = ["wheel", "keydown", "pointerdown"];
    let free = true; // once somebody scrolls, the page is theirs
    acts.forEach((act) => window.addEventListener(act, () => (free = false), { once: true, capture: true }));
    await app.restored;
    const named = () => [...app.shell.widgets("main")].find((one) => path.endsWith(`/tree/${one.context?.path}`));
    for (let tries = 0; tries < 600 && !named(); tries++) {
      await wait(100);
    }
    const panel = named();
    await panel?.context.ready;
    await panel?.revealed;
    // Not the notebook's own search, which knows only headings that are drawn already.
    const cell = panel?.content.widgets?.findIndex((one) => holds(one.model));
    for (let tries = 0; cell > 0 && tries < 10 && free; tries++) {
      // Cells above are drawn little by little, which moves the place: go there until it stays.
      panel.content.activeCellIndex = cell;
      await panel.content.scrollToCell(panel.content.widgets[cell], "start");
      await wait(500);
    }
  }

  // Whether a cell is the place, or has its heading: JupyterLab calls one by its words with hyphens between them.
  function holds(model) {
    const lines = model.type === "markdown" ? model.sharedModel.getSource().split("\n") : [];
    const headings = lines.filter((line) => /^#{1,6}\s/.test(line));
    const words = headings.map((line) => line.replace(/^#+\s+|[*`]|\s+#*\s*$/g, "").replaceAll(" ", "-"));
    return place === `#cell-id=${model.id}` || words.some((name) => place === `#${name}`);
  }

  const plugin = { id: "course-links:plugin", autoStart: true, activate: (app) => void go(app) };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["course-links"] = { init: () => {}, get: async () => () => ({ __esModule: true, default: plugin }) };
})();
