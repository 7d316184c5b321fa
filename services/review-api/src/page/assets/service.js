// The service, as this page asks it. The stream is read by fetch, because EventSource cannot carry a token.

const RECONNECT = 2000;
const LONGEST_EVENT = 1 << 20;

let token = sessionStorage.getItem("token");

export function setToken(value) {
  token = value;
  sessionStorage.setItem("token", value);
}

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const headers = () => (token ? { authorization: `Bearer ${token}` } : {});

async function request(path, query, signal) {
  const response = await fetch(`${path}?${query}`, { headers: headers(), signal });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const faults = (problem.errors ?? []).map(({ field, reason }) => `${field} ${reason}`);
  throw new Refused(response.status, faults.join("; ") || problem.detail || `The service answered ${response.status}.`);
}

export async function ask(path, query, signal) {
  return (await request(path, query, signal)).json();
}

// Follows the stream until `signal` says otherwise: `onReview` for each review, `onState` for whether it is connected.
export async function follow(query, signal, onReview, onState) {
  let last;
  while (!signal.aborted) {
    try {
      const parameters = new URLSearchParams(query);
      if (last) parameters.set("last_event_id", last);
      const response = await request("reviews/stream", parameters, signal);
      onState(true);
      for await (const event of events(response.body)) {
        if (event.id) last = event.id;
        if (event.name === "review") onReview(JSON.parse(event.data));
      }
    } catch (error) {
      if (signal.aborted) return;
      // Asking again would not help.
      if (error instanceof Refused && error.status < 500 && error.status !== 429) return onState(false, error);
    }
    onState(false);
    await new Promise((resolve) => setTimeout(resolve, RECONNECT));
  }
}

// Events of a text/event-stream (HTML Standard, section 9.2.6). This service ends lines with \n.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    if (rest.length > LONGEST_EVENT) throw new Error("an event has no end");
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = { name: "message", data: "" };
      for (const line of block.split("\n")) {
        const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
        if (field === "event") event.name = value;
        if (field === "id") event.id = value;
        if (field === "data") event.data += value;
      }
      yield event;
    }
  }
}
