// The one way to the appliance: requests over HTTPS with the session's cookie, and their refusals.

/** A refusal, or no answer at all. `message` is what happened, `hint` what to do next. */
export class Refused extends Error {
  constructor(status, code, message, hint, state) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint || "";
    this.state = state || "";
  }
}

const BASE = "/api/mmp/v1";
let csrf = null;
let over = () => {};

/** What is sent along with every change, and what is called when the session has ended. */
export function bind({ token, ended }) {
  if (token !== undefined) csrf = token;
  if (ended) over = ended;
}

/** The token of the session, for uploads. */
export const csrfToken = () => csrf;

/** The refusal that an answer's body says. */
export function refusal(status, body) {
  const error = body?.error ?? {};
  const message = error.message || (status === 503 ? "The appliance's management does not answer." : `The appliance answered ${status}.`);
  return new Refused(status, error.code ?? "", message, error.hint, error.state);
}

/** A request below the machine interface; JSON in, JSON out. */
export async function call(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let answer;
  try {
    answer = await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new Refused(0, "unreachable", "The appliance does not answer.", "Check the network, then try again. A changed address needs a new address in the browser.");
  }
  const content = await answer.json().catch(() => null);
  if (answer.ok) return content;
  const failed = refusal(answer.status, content);
  if (answer.status === 401 && path !== "/session") over(failed);
  throw failed;
}

/** A reply without the name of its kind. */
export function plain(reply) {
  if (reply === null || typeof reply !== "object") return null;
  const [kind] = Object.keys(reply);
  return reply[kind];
}

/** Sends an MMP line. `text` is output that came before the reply. */
export async function send(line, confirmed = false) {
  const answer = await call("POST", "/line", { line, confirmed });
  const reply = answer?.reply;
  return {
    value: plain(reply),
    notice: reply && typeof reply === "object" && "notice" in reply ? reply.notice : "",
    text: answer?.output ?? answer?.text ?? "",
  };
}

/** The value that a show command answers with. */
export const show = async (line) => (await send(line)).value;

/** Sends a typed request; for secrets, which no line may hold. */
export const request = async (typed) => {
  const answer = await call("POST", "/request", typed);
  return plain(answer?.reply ?? answer);
};

/** Values that exist now, as completion offers them. */
export const live = async (kind) => (await request({ live: kind })).map((row) => row.value);
