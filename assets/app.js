/* What the page does in the browser: it passes clicks and forms on as Gradio events, and keeps
   what belongs to this browser alone (tab, theme, dialogs, keyboard, scrolling, clipboard). */
(() => {
  "use strict";
  const page = (window.pincite = window.pincite || {});
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  // The theme is set before anything is drawn.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const setTheme = (name) => {
    root.dataset.theme = name;
    root.style.colorScheme = name;
    document.body?.classList.toggle("dark", name === "dark");
  };
  setTheme(localStorage.getItem("pincite-theme") || (dark.matches ? "dark" : "light"));
  root.dataset.tab = sessionStorage.getItem("pincite-tab") || "chat";

  // Whoever has been logged out meanwhile is led to the door, not to an error.
  const reach = window.fetch;
  window.fetch = async (...request) => {
    const response = await reach(...request);
    if (response.status === 401) location.assign("/login");
    return response;
  };

  // A question takes along the options as they stand on the page: one that is sent right after a
  // change is asked as it looks.
  const fire = (event, value) => {
    if (event === "ask") {
      clearTimeout(changing);
      const options = chosen();
      if (options) value = { ...value, options };
    }
    page.trigger?.(event, value);
  };
  // These draw another conversation: what is being written for this one is ended first.
  const leaving = new Set([
    "new_conversation",
    "open_conversation",
    "delete_conversation",
    "open_matter",
    "create_matter",
    "delete_matter",
    "set_language",
  ]);
  const leavingComparison = new Set(["open_comparison", "close_comparison", "delete_comparison"]);
  const settle = async (within = "") => {
    if (!within && one("#chat [data-busy]")) fire("stop", {});
    if (one("#evaluation [data-busy]")) fire("stop_comparison", {});
    const until = Date.now() + 5000;
    while (one(`${within} [data-busy]`) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  // These draw the whole page anew. Until they have, what still stands there is of the matter
  // that was left, so nothing in it can be clicked, typed into or asked.
  const turning = new Set(["open_matter", "create_matter", "delete_matter", "set_language"]);
  const turn = async () => {
    const drawn = () => one(".masthead")?.dataset.drawn;
    const left = drawn();
    await resting(all(".tab-panel"), () => drawn() !== left);
  };
  // What was sent is drawn, or the page has told why it is not.
  const resting = async (parts, isDrawn) => {
    const [told, until] = [all(".toast-body").length, Date.now() + 15000];
    for (const part of parts) part.inert = true;
    while (!isDrawn() && all(".toast-body").length <= told && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await new Promise(requestAnimationFrame);
    for (const part of parts) part.inert = false;
  };
  // These draw another view in the place of their button, which shows until then that it was pressed.
  const viewing = new Set(["open_view", "open_run", "open_set", "open_comparison", "open_pair"]);
  const wait = async (element) => {
    element.setAttribute("aria-busy", "true");
    await resting([], () => !element.isConnected);
    element.removeAttribute("aria-busy");
  };
  const valueOf = (element) => JSON.parse(element.dataset.value || "{}");

  // Dialogs: one element asks for a yes or for a text.
  const ask = ({ confirm, prompt, initial }) => {
    const words = one(".masthead").dataset;
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.dataset.testid = "dialog";
    const form = document.createElement("form");
    form.method = "dialog";
    const label = document.createElement("label");
    label.textContent = confirm || prompt;
    form.append(label);
    let field = null;
    if (prompt) {
      field = document.createElement("input");
      field.value = initial || "";
      field.required = true;
      field.maxLength = 200;
      field.autocomplete = "off";
      field.dataset.testid = "dialog-text";
      label.append(field);
    }
    const buttons = document.createElement("div");
    for (const [value, text] of [["no", words.dialogCancel], ["yes", words.dialogOk]]) {
      const button = document.createElement("button");
      button.className = value === "yes" ? "button" : "button quiet";
      button.value = value;
      button.textContent = text;
      button.formNoValidate = value === "no";
      button.dataset.testid = `dialog-${value}`;
      // The first submit button takes Enter: "yes" comes first in the document, last on screen.
      value === "yes" ? buttons.prepend(button) : buttons.append(button);
    }
    form.append(buttons);
    dialog.append(form);
    (one("#app") || document.body).append(dialog);
    dialog.showModal();
    field?.select();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => {
        dialog.remove();
        const yes = dialog.returnValue === "yes";
        resolve(yes ? (field ? field.value.trim() : true) : null);
      });
    });
  };

  const act = async (element) => {
    const value = valueOf(element);
    const { confirm, prompt, initial } = element.dataset;
    if (confirm || prompt) {
      const said = await ask({ confirm, prompt, initial });
      if (!said) return;
      if (prompt) value.text = said;
    }
    element.closest("details.menu")?.removeAttribute("open");
    if (element.closest("#rail")) delete root.dataset.rail;
    if (element.dataset.event === "open_source") remember(element);
    if (element.dataset.event === "ask") stick = true;
    if (leaving.has(element.dataset.event)) await settle();
    if (leavingComparison.has(element.dataset.event)) await settle("#evaluation");
    fire(element.dataset.event, value);
    if (viewing.has(element.dataset.event) && !element.ariaCurrent) wait(element);
    if (turning.has(element.dataset.event) && !element.ariaCurrent) turn();
    if (element.dataset.then) {
      openTab(element.dataset.then, false);
      one("#composer textarea")?.focus();
    }
  };

  // Search options: the panel stands in the page, and the server hears of every change.
  let changing = 0;
  const panel = () => one("#options form[data-options]");
  const chosen = () => {
    const form = panel();
    if (!form) return null;
    const data = new FormData(form);
    // What stood when the panel was drawn is no choice: another variant may be in force by now.
    const choice = (name) => (data.get(name) === form.dataset[name] ? "" : data.get(name));
    return {
      documents: data.getAll("documents"),
      genres: data.getAll("genres"),
      dated_from: data.get("dated_from"),
      dated_to: data.get("dated_to"),
      passages: choice("passages"),
      style: choice("style"),
    };
  };
  const refreshOptions = () => {
    const form = panel();
    if (!form) return;
    fire("refresh_options", { shown: all('[name="documents"]', form).map((box) => box.value) });
  };
  const showOptions = (open) => {
    if (open === Boolean(root.dataset.options)) return;
    if (open) {
      root.dataset.options = "open";
      refreshOptions();
      (one(":checked", panel()) || panel()).focus();
    } else {
      const within = panel()?.contains(document.activeElement);
      delete root.dataset.options;
      if (within) one('[data-do="options"]', one("#in-force"))?.focus();
    }
    sync();
  };
  const tellOptions = (form) => {
    const ticked = all('[name="documents"]:checked', form).length;
    const untick = one('[data-do="untick"]', form);
    untick.hidden = !ticked;
    untick.textContent = untick.dataset.template.replace("{count}", ticked);
    one("output", form).value = form.elements.passages.value;
  };
  const narrow = (field) => {
    const form = field.form;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const choice of all(".choices label", form)) {
      choice.hidden = !words.every((word) => choice.dataset.words.includes(word));
      left += !choice.hidden;
    }
    one(".choices .none", form).hidden = left > 0;
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-options]");
    if (!form) return;
    if ("filter" in event.target.dataset) return narrow(event.target);
    tellOptions(form);
    clearTimeout(changing);
    changing = setTimeout(() => fire("set_options", { options: chosen() }), 120);
  });

  // Citations: the one that is open, and its neighbours in the same answer.
  let opener = null;
  let focusSheet = false;
  const remember = (element) => {
    if (!element.closest("#source")) {
      opener = element;
      focusSheet = true;
    }
  };
  const citations = () => {
    const answer = opener?.closest("[data-answer]");
    return answer ? all(".cite", answer) : [];
  };
  const current = () => {
    const list = citations();
    const same = list.indexOf(opener);
    return same >= 0 ? same : list.findIndex((c) => c.dataset.marker === opener?.dataset.marker);
  };
  const step = (by) => {
    const next = citations()[current() + by];
    if (next) act(next);
  };

  // What a button may do without the server.
  const doings = {
    theme: () => {
      setTheme(root.dataset.theme === "dark" ? "light" : "dark");
      localStorage.setItem("pincite-theme", root.dataset.theme);
    },
    rail: () => {
      if (root.dataset.rail) delete root.dataset.rail;
      else root.dataset.rail = "open";
    },
    options: () => showOptions(!root.dataset.options),
    untick: (button) => {
      const form = button.form;
      all('[name="documents"]', form).forEach((box) => (box.checked = false));
      tellOptions(form);
      one("[data-filter]", form).focus();
      fire("set_options", { options: chosen() });
    },
    // A long list shows its next part, its groups fold, and a long passage unfolds.
    more: (button) => {
      const list = button.closest(".listing");
      const step = Number(button.dataset.step);
      const next = all(".match[hidden]", list).slice(0, step);
      for (const match of next) {
        match.hidden = false;
        match.closest(".group").hidden = false;
      }
      const left = all(".match[hidden]", list).length;
      one(".cite", next[0])?.focus({ preventScroll: true });
      if (!left) return button.remove();
      button.textContent = button.dataset.template.replace("{count}", left);
    },
    fold: (button) => {
      const groups = all(".group", button.closest(".listing"));
      const open = !groups.some((group) => group.open);
      groups.forEach((group) => (group.open = open));
      swap(button);
    },
    whole: (button) => {
      const whole = button.closest(".match").classList.toggle("is-whole");
      button.setAttribute("aria-expanded", String(whole));
      swap(button);
    },
    "previous-citation": () => step(-1),
    "next-citation": () => step(1),
    copy: async (button) => {
      await toClipboard(button.dataset.copy);
      button.classList.add("copied");
      const label = one("span", button);
      const before = label.textContent;
      label.textContent = button.dataset.done;
      say(button.dataset.done);
      setTimeout(() => {
        label.textContent = before;
        button.classList.remove("copied");
      }, 1600);
    },
    edit: async (button) => {
      if (button.dataset.confirm && !(await ask(button.dataset))) return;
      const form = one("#composer form");
      const { replaces, question } = valueOf(button);
      form.elements.replaces.value = replaces;
      form.elements.question.value = question;
      form.classList.add("is-editing");
      grow(form.elements.question);
      form.elements.question.focus();
    },
    // A verdict is given by its own button alone, and once: another press before the page is drawn
    // anew would be another vote, by who has been told the names.
    verdict: ({ form, value }) => {
      if (form.inert) return;
      const { value: on } = form.dataset;
      fire("vote", { ...valueOf(form), ...fieldsOf(form), verdict: value });
      resting([form], () => !form.isConnected || form.dataset.value !== on);
    },
    "stop-sending": () => sending?.ending.abort(),
    "end-edit": (button) => clear(button.form || one("#composer form")),
  };

  const swap = (button) => {
    [button.textContent, button.dataset.other] = [button.dataset.other, button.textContent];
  };

  // What does not hold is not copied without the mark that says so: a selection that ends within
  // such a statement is drawn on to the end of its mark.
  const withMark = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    for (const mark of all(".statement .reason")) {
      const statement = mark.closest(".statement");
      if (!range.intersectsNode(one(".words", statement))) continue;
      if (range.comparePoint(mark, mark.childNodes.length) > 0) range.setEndAfter(mark);
    }
  };
  document.addEventListener("copy", withMark);
  document.addEventListener("dragstart", withMark);

  const toClipboard = async (text) => {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea"); // plain http on a local network
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };

  // Forms.
  const clear = (form) => {
    form.reset();
    if (form.elements.replaces) form.elements.replaces.value = "";
    form.classList.remove("is-editing");
    all("textarea", form).forEach(grow);
  };
  const grow = (field) => {
    if (CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  // The button that was pressed counts, and what can be ticked several times comes as a list.
  const fieldsOf = (form, submitter) => {
    const sent = new FormData(form, submitter);
    const value = Object.fromEntries(sent);
    for (const name of (form.dataset.lists || "").split(" ").filter(Boolean)) {
      value[name] = sent.getAll(name);
    }
    return value;
  };
  const busy = (form) => {
    const panel = form.closest(".tab-panel");
    return panel && one("[data-busy]", panel);
  };

  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-options]")) {
      event.preventDefault();
      return showOptions(false);
    }
    // Enter sends neither a search, which is under way already, nor a ballot.
    if (event.target.matches("form[data-search], .ballot")) return event.preventDefault();
    const form = event.target.closest("form[data-event]");
    if (!form) return;
    event.preventDefault();
    const value = fieldsOf(form, event.submitter);
    // A form of plain fields: the server checks them.
    if ("fields" in form.dataset) return fire(form.dataset.event, { ...valueOf(form), ...value });
    if (!form.elements.question) {
      if (!("keep" in form.dataset)) form.reset();
      return fire(form.dataset.event, { ...valueOf(form), ...value });
    }
    if (!value.question?.trim() || busy(form)) return;
    stick = true;
    showOptions(false);
    fire(form.dataset.event, value);
    if (form.dataset.event === "ask") clear(form);
  });

  document.addEventListener("click", (event) => {
    for (const menu of all("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    }
    // A label's click comes twice, the second time from its box; a redrawn part is gone by then.
    if (root.dataset.options && event.target.isConnected) {
      if (!event.target.closest("#options form, #in-force")) showOptions(false);
    }
    const element = event.target.closest?.("[data-event], [data-do], button[data-tab]");
    if (!element || element.tagName === "FORM" || element.disabled) return;
    if (element.dataset.do) doings[element.dataset.do]?.(element);
    else if (element.dataset.event) act(element);
    else openTab(element.dataset.tab);
  });

  let searching = 0;
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.tagName === "TEXTAREA") grow(field);
    const form = field.form?.dataset.search && field.form;
    const name = form ? form.dataset.search : field.dataset?.search;
    if (!name) return;
    const sought = () => (form ? Object.fromEntries(new FormData(form)) : { text: field.value });
    clearTimeout(searching);
    searching = setTimeout(() => fire(name, sought()), 180);
  });

  // Keyboard.
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    // A Chinese input method's Enter picks a word; it must not send the question.
    if (key === "Enter" && target.matches?.("[data-submits]") && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      target.form.requestSubmit();
      return;
    }
    if (target.getAttribute?.("role") === "tab" && ["ArrowLeft", "ArrowRight"].includes(key)) {
      const tabs = all('[role="tab"]');
      const to = tabs.indexOf(target) + (key === "ArrowRight" ? 1 : -1);
      const next = tabs[(to + tabs.length) % tabs.length];
      openTab(next.dataset.tab);
      next.focus();
      return;
    }
    if (key === "Escape") {
      const menu = one("details.menu[open]");
      if (menu) menu.removeAttribute("open");
      else if (one("dialog[open]")) return;
      else if (root.dataset.options) showOptions(false);
      else if (root.dataset.rail) delete root.dataset.rail;
      else if (one("#source .sheet")) one('[data-testid="close-source"]').click();
      return;
    }
    const typing = ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
    const plain = !event.metaKey && !event.ctrlKey && !event.altKey && !event.repeat;
    const ballot = root.dataset.tab === "evaluation" && one("#comparison .ballot");
    const ticking = typing && target.type !== "checkbox";
    if (/^[1-6]$/.test(key) && plain && !ticking && !one("dialog[open]") && ballot?.offsetParent) {
      const button = one(`[data-key="${key}"]`, ballot);
      if (button) {
        event.preventDefault();
        button.click();
      }
      return;
    }
    if (!typing && one("#source .sheet") && !event.metaKey && !event.ctrlKey && !event.altKey) {
      const name = { ArrowLeft: "previous-citation", ArrowRight: "next-citation" }[key];
      const page = { PageUp: "previous-page", PageDown: "next-page" }[key];
      const button = one(`[data-testid="${name || page}"]`);
      if (button && !button.disabled) {
        event.preventDefault();
        button.click();
      }
    }
  });

  // Files and folders, dropped anywhere or chosen, are sent one by one and added in groups: a large
  // drop does not freeze the page, and is not lost as a whole when it is interrupted.
  const GROUP = 20;
  const GROUP_BYTES = 64 * 2 ** 20;
  let sending = null;
  const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  const zone = () => root.dataset.role !== "reader" && one(".drop");
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  // A folder's files by their paths within it, as "ingest" names them; of several folders each
  // keeps its own name before them.  What programs hide or leave behind is not meant.
  const named = (found) => {
    const tops = new Set(found.map(({ name }) => name.split("/")[0]));
    const single = tops.size === 1 && found.every(({ name }) => name.includes("/"));
    const leftBehind = (part) => /^(\.|~\$)|^__MACOSX$/.test(part);
    return found
      .map((each) => (single ? { ...each, name: each.name.replace(/^[^/]+\//, "") } : each))
      .filter(({ name }) => !(name.includes("/") || single) || !name.split("/").some(leftBehind))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  const within = async (entry, folder = "") => {
    const name = folder + entry.name;
    if (entry.isFile) {
      return new Promise((resolve) => {
        entry.file((file) => resolve([{ name, file }]), () => resolve([{ name }]));
      });
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const part = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
      if (!part.length) return found;
      for (const each of part) found.push(...(await within(each, `${name}/`)));
    }
  };
  const dropped = async ({ items, files }) => {
    const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((entry) => entry.isDirectory)) {
      return [...files].map((file) => ({ name: file.name, file }));
    }
    return named((await Promise.all(entries.map((entry) => within(entry)))).flat());
  };

  const showSending = () => {
    const box = one(".drop .sending");
    if (!box) return;
    box.hidden = !sending;
    if (!sending) return;
    const { done, total } = sending;
    const [bar, words] = [one("progress", box), one("output", box)];
    const told = words.dataset.template.replace("{done}", done).replace("{total}", total);
    if (words.textContent === told) return;
    words.textContent = told;
    bar.max = total;
    bar.value = done;
  };
  const sent = async ({ name, file }, drop, number) => {
    if (drop.names.has(name)) return { name, trouble: "same_name" };
    drop.names.add(name);
    if (file && file.size > drop.limit) return { name, trouble: "too_large" };
    try {
      const form = new FormData();
      form.append("files", file, `${drop.id}-${number}`); // two files may be alike but for the name
      const to = { method: "POST", body: form, signal: drop.ending.signal };
      let response = await fetch("/gradio_api/upload", to);
      for (let tries = 0; response.status === 429 && tries < 30; tries += 1) {
        await pause(2000); // what was sent before is being taken in
        response = await fetch("/gradio_api/upload", to);
      }
      if (response.ok) return { name, path: (await response.json())[0] };
      if (response.status === 413) return { name, trouble: "too_large" };
      if (response.status === 429) return { name, trouble: "waiting" };
    } catch (error) {
      if (drop.ending.signal.aborted) return null;
      console.warn(error);
    }
    return { name, trouble: "unreadable" };
  };
  const isAdded = async ({ id, done, ending }) => {
    const until = Date.now() + 120000;
    const told = all(".toast-body").length;
    const receipt = () => one(`#documents-receipt [data-drop="${id}"]`);
    const waits = () => !(Number(receipt()?.dataset.done) >= done) && Date.now() < until;
    while (waits() && !ending.signal.aborted && all(".toast-body").length <= told) await pause(50);
  };
  const send = async (found) => {
    const place = zone();
    if (!place || !found.length) return;
    openTab("documents");
    if (sending) {
      sending.files.push(...found);
      sending.total += found.length;
      return showSending();
    }
    const drop = (sending = {
      id: `d${Date.now()}`,
      files: [...found],
      total: found.length,
      done: 0,
      names: new Set(),
      matter: place.dataset.matter,
      limit: Number(place.dataset.limit),
      ending: new AbortController(),
    });
    while (drop.files.length && !drop.ending.signal.aborted) {
      const group = [];
      let bytes = 0;
      while (drop.files.length && group.length < GROUP && bytes < GROUP_BYTES) {
        showSending();
        const next = drop.files.shift();
        bytes += next.file?.size || 0;
        const kept = await sent(next, drop, drop.done + 1);
        if (!kept) break;
        group.push(kept);
        drop.done += 1;
      }
      if (!group.length) break;
      fire("add_documents", {
        drop: drop.id, matter_id: drop.matter, done: drop.done, files: group,
      });
      if (zone()?.dataset.matter !== drop.matter) break; // the answer says what became of the rest
      await isAdded(drop);
    }
    sending = null;
    showSending();
  };

  // A file that an event of the page is about: it is sent first, then the event tells where it is.
  const upload = async (field, file) => {
    const limit = Number(one(".drop")?.dataset.limit || Infinity);
    const drop = { id: `u${Date.now()}`, names: new Set(), limit, ending: new AbortController() };
    const label = field.closest("label");
    label?.setAttribute("aria-busy", "true");
    const told = await sent({ name: file.name, file }, drop, 1);
    label?.removeAttribute("aria-busy");
    fire(field.dataset.upload, { ...valueOf(field), files: [told] });
  };

  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    root.dataset.dragging = "yes";
    clearTimeout(dragging);
    dragging = setTimeout(() => delete root.dataset.dragging, 200);
  });
  let dragging = 0;
  document.addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const field = one("[data-upload]", event.target.closest?.("#view-sets") || document.createElement("i"));
    if (field) return upload(field, event.dataTransfer.files[0]);
    send(await dropped(event.dataTransfer));
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.dataset?.upload && field.files.length) {
      const [file] = field.files;
      field.value = "";
      return upload(field, file);
    }
    if (!field.matches?.(".drop input[type=file]")) return;
    const found = [...field.files].map((file) => ({
      name: file.webkitRelativePath || file.name,
      file,
    }));
    field.value = ""; // the same files may be chosen again
    send(field.webkitdirectory ? named(found) : found);
  });
  addEventListener("beforeunload", (event) => sending && event.preventDefault());

  // Tabs are panels of one page; which one shows is this browser's affair.
  const openTab = (name, refresh = true) => {
    root.dataset.tab = name;
    sessionStorage.setItem("pincite-tab", name);
    delete root.dataset.rail;
    showOptions(false);
    // Documents may have come or gone since the welcome and the options were drawn.
    if (name === "chat" && refresh) {
      if (one("#turns .welcome")) fire("refresh_welcome", {});
      refreshOptions();
    }
    sync();
  };

  // Screen readers hear stages and results once, not every word.
  const voice = document.createElement("div");
  voice.className = "unseen";
  voice.setAttribute("role", "status");
  voice.setAttribute("aria-live", "polite");
  const say = (words) => {
    if (voice.textContent !== words) voice.textContent = words;
  };

  // The transcript stays at its end unless the reader has scrolled up.
  let stick = true;
  let thread = null;
  let sheet = "";
  let drawn = "";
  let revealed = "";
  let optionsDrawn = "";
  let comparisonShown = "";
  const formsDrawn = new Map();
  const taken = new Set();

  // After every redraw: put back what the server does not know.
  const sync = () => {
    if (!voice.isConnected && document.body) document.body.append(voice);
    document.body.classList.toggle("dark", root.dataset.theme === "dark");
    const head = one(".masthead");
    if (head) {
      root.lang = head.dataset.language === "zh" ? "zh-Hans" : "en";
      root.dataset.role = head.dataset.role;
      // The pages that the server draws speak the same language.
      const kept = `pincite_language=${head.dataset.language}`;
      if (!document.cookie.includes(kept)) {
        document.cookie = `${kept}; path=/; max-age=31536000; samesite=strict`;
      }
    }
    for (const tab of all('[role="tab"]')) {
      const selected = tab.dataset.tab === root.dataset.tab;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      const panel = document.getElementById(tab.dataset.tab);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
    }
    showSending();
    const toggle = one('#in-force [data-do="options"]');
    toggle?.setAttribute("aria-expanded", String(Boolean(root.dataset.options)));
    const form = panel();
    if (form && form.dataset.drawn !== optionsDrawn) {
      // Gradio patches attributes; what was ticked since stays ticked until the form is reset.
      optionsDrawn = form.dataset.drawn;
      form.reset();
      tellOptions(form);
      narrow(one("[data-filter]", form));
    }
    // A dialog that the server draws is opened here; closed by Escape, it is taken away there.
    const modal = one("dialog[data-modal]");
    if (modal && !modal.open) {
      modal.removeAttribute("open");
      modal.showModal();
      modal.addEventListener("cancel", () => fire("close_dialog", {}), { once: true });
    }
    // What has been opened is seen from its beginning.
    const opened = all("[data-reveal]").filter((each) => each.offsetParent).pop();
    const key = opened?.dataset.reveal || "";
    if (key !== revealed) {
      revealed = key;
      opened?.closest(".tab-panel").scrollTo(0, 0);
    }
    // A form that was prepared for another question, or anew, shows what it was prepared with.
    for (const prepared of all("#evaluation form[data-drawn]")) {
      if (formsDrawn.get(prepared.dataset.testid) === prepared.dataset.drawn) continue;
      formsDrawn.set(prepared.dataset.testid, prepared.dataset.drawn);
      prepared.reset();
      all("textarea", prepared).forEach(grow);
    }
    // A comparison that is new on the page is what there is to look at.
    const { comparison, announce } = one("#comparison [data-comparison]")?.dataset || {};
    const compared = comparison ? `${comparison} ${announce || ""}` : "";
    if (compared !== comparisonShown) {
      comparisonShown = compared;
      if (compared) one("#comparison .comparison").scrollIntoView({ block: "start" });
    }
    // A file that an event has made is in its link: it is taken once.
    for (const link of all("a[data-download]")) {
      if (taken.has(link.dataset.download)) continue;
      taken.add(link.dataset.download);
      link.click();
    }
    const news = all("[data-announce]").pop();
    if (news && news.dataset.announce !== drawn) {
      drawn = news.dataset.announce;
      say(drawn);
    }
    const transcript = one("#transcript");
    if (transcript && transcript !== thread) {
      thread = transcript;
      thread.addEventListener("scroll", () => {
        stick = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
      });
    }
    if (thread) root.style.setProperty("--gutter", `${thread.offsetWidth - thread.clientWidth}px`);
    if (thread && stick) {
      // While it is written, its end; once it is done, its beginning.
      const done = all("#turns .turn").pop();
      const top = done && !one("#live .turn") ? done.offsetTop - 18 : thread.scrollHeight;
      thread.scrollTop = top;
    }
    const open = one("#source .sheet");
    const now = open ? `${open.dataset.document} ${open.dataset.page} ${open.dataset.marker}` : "";
    if (opener && !opener.isConnected) opener = null;
    const list = citations();
    all(".is-open").forEach((c) => c !== opener && c.classList.remove("is-open"));
    if (open && opener) opener.classList.add("is-open");
    if (open) {
      const at = current();
      one('[data-testid="previous-citation"]').disabled = at < 1;
      one('[data-testid="next-citation"]').disabled = at < 0 || at >= list.length - 1;
    }
    if (now !== sheet || focusSheet) {
      if (open) {
        const mark = one("#source .box, #source .running-text mark");
        requestAnimationFrame(() => {
          if (mark) mark.scrollIntoView({ block: "center" });
          else one("#source .leaf").scrollTop = 0;
        });
        if (focusSheet) open.focus({ preventScroll: true });
      } else if (sheet && opener) {
        opener.classList.remove("is-open");
        opener.focus({ preventScroll: true });
      }
      if (now !== sheet) focusSheet = false;
      sheet = now;
    }
  };

  let pending = false;
  const soon = () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      sync();
    });
  };
  const begin = () => {
    new MutationObserver(soon).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
    });
    sync();
  };
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
