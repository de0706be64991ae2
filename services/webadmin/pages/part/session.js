// Who is signed in. Sign-in, the forced change of a password, sign-out, and the end of a session while a page is open.

import { bind, call } from "./ask.js";

/** `{ user, role, notices, until }`; null while nobody is signed in. */
export let session = null;

const take = (answer) => {
  // What the sign-in told stays: a later look at the session need not tell it again.
  const notices = answer.notices?.length || !session ? answer.notices : session.notices;
  session = { ...answer, notices: notices ?? [], until: Date.now() + (answer.expires_in ?? 0) * 1000 };
  bind({ token: answer.csrf });
  return session;
};

/** The session of this browser, or null. */
export async function resume() {
  try {
    return take(await call("GET", "/session"));
  } catch (error) {
    if (error.status === 401 || error.status === 403) return null;
    throw error;
  }
}

/** Opens a session. A refusal with the code `password_expired` wants a new password. */
export const signIn = async (user, password, new_password) =>
  take(await call("POST", "/session", { user, password, ...(new_password ? { new_password } : {}) }));

/** Ends it. */
export async function signOut() {
  await call("DELETE", "/session").catch(() => {});
  session = null;
  bind({ token: null });
}

/** Whether a refusal of the sign-in wants a new password. */
export const wantsNewPassword = (error) => /^password[-_]expired$/.test(error.code);
