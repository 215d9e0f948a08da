"use strict";
// All that is shown was written by whoever sent the requests: it gets into the page as text only.

const APIS = [
  ["", "the same way"], ["http 2.0", "HTTP API, payload 2.0"], ["http 1.0", "HTTP API, payload 1.0"], ["rest", "REST API"],
  ["url", "function URL"], ["alb", "load balancer"], ["lattice 2.0", "VPC Lattice, V2"], ["lattice 1.0", "VPC Lattice, V1"],
  ["edge", "Lambda@Edge"],
];
const byId = (id) => document.getElementById(id);
const state = { version: -1, requests: [], chosen: 0, shown: "", awaited: 0 };

function make(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name in made) made[name] = value; else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function say(text) { byId("said").textContent = text; }

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "x-bridge-inspector": "1", "content-type": "application/json" }, body: JSON.stringify(body || {}),
  });
  say((await answer.json()).message);
  refresh();
  return answer.ok;
}

function duration(milliseconds) {
  if (milliseconds === null) return "running";
  return milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

function badge(request) {
  const status = request.status;
  const kind = request.failed ? "bad" : status === null ? "" : status >= 400 ? "odd" : "good";
  const text = status !== null ? String(status) : request.failed ? "failed" : request.milliseconds === null ? "…" : "done";
  return make("span", { className: `status ${kind}` }, text);
}

function notes(request) {
  const found = [new Date(request.started * 1000).toLocaleTimeString(), request.api, request.functions.join(", ")];
  if (request.replayed !== null) found.push(`replay of ${request.replayed}`);
  for (const caller of request.callers) found.push(`sent while ${caller.function || "the function"} handled ${caller.number}`);
  return found.filter(Boolean).join(" · ");
}

function line(request) {
  const link = make("a", { href: `#${request.number}` }, badge(request),
    make("span", { className: "what", title: request.target }, `${request.method} ${request.target}`),
    make("span", { className: "time" }, duration(request.milliseconds)),
    make("span", { className: "more" }, notes(request)));
  if (request.number === state.chosen) link.setAttribute("aria-current", "true");
  return make("li", {}, link);
}

function list() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (request) => {
    const text = `${request.method} ${request.target} ${request.status} ${notes(request)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const focused = document.activeElement && document.activeElement.getAttribute("href");
  const within = byId("requests").contains(document.activeElement);
  byId("requests").replaceChildren(...state.requests.filter(fits).map(line));
  if (within) for (const link of byId("requests").querySelectorAll("a")) if (link.getAttribute("href") === focused) link.focus();
  byId("empty").hidden = state.requests.length > 0;
}

function coloured(text) {
  if (text.length > 60000) return [text];
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(/("(?:\\.|[^"\\])*")(\s*:)?|-?\b\d[\d.eE+-]*\b|\b(?:true|false|null)\b/g)) {
    parts.push(text.slice(last, match.index));
    const kind = match[1] ? (match[2] ? "key" : "string") : "number";
    parts.push(make("span", { className: kind }, match[1] || match[0]), match[2] || "");
    last = match.index + match[0].length;
  }
  return [...parts, text.slice(last)];
}

function size(shown) {
  const bytes = `${shown.size.toLocaleString("en")} B`;
  return `${bytes}${shown.binary ? ", no text: in hexadecimal" : ""}${shown.whole ? "" : ", cut here"}`;
}

function block(title, shown, { open = true, json = false } = {}) {
  if (!shown || !shown.size) return null;
  const text = make("pre", { tabIndex: 0, ariaLabel: title }, ...(json ? coloured(shown.text) : [shown.text]));
  return make("details", { open }, make("summary", {}, title, make("span", { className: "quiet" }, size(shown))), text);
}

function headers(title, lines) {
  if (!lines.length) return null;
  const rows = lines.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value)));
  const table = make("div", { className: "scroll" }, make("table", {}, make("tbody", {}, ...rows)));
  return make("details", {}, make("summary", {}, title, make("span", { className: "quiet" }, String(lines.length))), table);
}

function facts(shown) {
  const calls = shown.callers.map((caller) => make("span", {}, make("a", { href: `#${caller.number}` },
    `request ${caller.number}`), ` ${caller.function}`));
  const pairs = [["Time", duration(shown.milliseconds)], ["API", shown.api], ["Route", shown.route],
    ["Functions", shown.functions.join(", ")],
    ["Sent during", calls.length ? make("span", {}, ...calls) : ""],
    ["Replay of", shown.replayed === null ? "" : make("a", { href: `#${shown.replayed}` }, `request ${shown.replayed}`)]];
  const found = pairs.filter(([, value]) => value);
  return make("dl", {}, ...found.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function again(shown) {
  if (shown.method === "EVENT" || shown.method === "WEBSOCKET") return null;
  const through = make("select", {}, ...APIS.map(([value, text]) => make("option", { value }, text)));
  const send = make("button", { type: "button", className: "main" }, "Replay");
  send.addEventListener("click", () => {
    const [api, payload] = through.value.split(" ");
    state.awaited = shown.number;
    post(`requests/${shown.number}/replay`, { api, payload: payload || "2.0" });
  });
  const copies = Object.entries(shown.snippets).map(([title, text]) => {
    const button = make("button", { type: "button", ariaLabel: `Copy as ${title}` }, title);
    button.addEventListener("click", () => copy(title, text));
    return button;
  });
  return make("div", { className: "bar" }, send, make("label", {}, "through ", through),
    copies.length ? make("span", { className: "quiet" }, "copy as") : null, ...copies);
}

async function copy(title, text) {
  byId("snippet").replaceChildren(make("pre", { tabIndex: 0, ariaLabel: title }, text));
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied as ${title}`);
  } catch {
    say("The browser does not let the page copy: select the text");
  }
}

function invocation(shown, each, index) {
  const button = make("button", { type: "button" }, "Send this event again");
  button.addEventListener("click", () => {
    state.awaited = shown.number;
    post(`requests/${shown.number}/replay`, { invocation: index });
  });
  const error = each.error ? { text: each.error, size: each.error.length, whole: true } : null;
  const fate = make("span", { className: "quiet" }, ` ${duration(each.milliseconds)}${each.streamed ? ", streamed" : ""}`);
  return [
    make("h3", {}, `Function ${each.function}`, fate),
    make("div", { className: "pair" }, block("Event", each.event, { json: true }),
      block("Result", each.result, { json: true }) || block("Error", error)),
    each.result ? block("Error", error) : null, block("Log of the function", each.log), make("p", {}, button),
  ];
}

function draw(shown) {
  const steps = shown.steps.join("\n");
  const parts = [
    make("h2", { tabIndex: -1 }, badge(shown), ` ${shown.method} ${shown.target}`), facts(shown), again(shown),
    make("div", { id: "snippet" }),
    steps ? block("Way through the API", { text: steps, size: steps.length, whole: true }, { open: false }) : null,
    headers("Request headers", shown.headers), block("Request body", shown.body),
    shown.dropped ? make("p", { className: "quiet" }, `${shown.dropped} older invocations are no longer kept`) : null,
    ...shown.invocations.flatMap((each, index) => invocation(shown, each, index)),
    make("h3", {}, shown.method === "EVENT" ? "Gateway" : "Response"), headers("Response headers", shown.response_headers),
    block("Response body", shown.response_body), block("Log of the gateway", shown.log),
  ];
  const article = byId("detail");
  const same = article.dataset.number === String(shown.number);
  const before = same ? [...article.querySelectorAll("details")].map((each) => each.open) : [];
  const snippet = same && byId("snippet") ? [...byId("snippet").children] : [];
  article.replaceChildren(...parts.filter((part) => part !== null));
  article.dataset.number = shown.number;
  // What goes on, or has just got a line of its log, is drawn anew: what a person has opened stays as it is.
  const after = article.querySelectorAll("details");
  if (after.length === before.length) after.forEach((each, index) => { each.open = before[index]; });
  byId("snippet").append(...snippet);
}

async function detail() {
  if (!state.chosen) return;
  const answer = await fetch(`requests/${state.chosen}`);
  const text = await answer.text();
  if (text === state.shown) return;
  state.shown = text;
  const shown = JSON.parse(text);
  if (answer.ok) draw(shown);
  else byId("detail").replaceChildren(make("p", { className: "hint" }, shown.message));
}

function served(rows) {
  byId("served").hidden = !rows.length;
  const cells = (row) => [row.api, row.route, row.function].map((text) => make("td", {}, text));
  byId("served").querySelector("tbody").replaceChildren(...rows.map((row) => make("tr", {}, ...cells(row))));
}

async function refresh() {
  let answer;
  try {
    answer = await fetch(`requests?version=${state.version}`);
  } catch {
    say("bridge serve does not answer: has it ended?");
    return;
  }
  if (answer.status !== 200) return;
  const got = await answer.json();
  if (state.version < 0) served(got.served);
  Object.assign(state, { version: got.version, requests: got.requests });
  byId("target").textContent = got.target;
  const made = state.awaited && got.requests.find((request) => request.replayed === state.awaited);
  if (made) {
    state.awaited = 0;
    location.hash = made.number;
  }
  list();
  await detail();
}

function choose() {
  state.chosen = Number(location.hash.slice(1)) || 0;
  state.shown = "";
  list();
  detail();
}

byId("filter").addEventListener("input", list);
byId("clear").addEventListener("click", () => {
  location.hash = "";
  byId("detail").replaceChildren();
  post("clear");
});
addEventListener("hashchange", choose);
choose();
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 1000);
