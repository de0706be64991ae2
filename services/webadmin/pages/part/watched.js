// A part of a page that is read anew after each change.

import { onChange } from "./news.js";
import { part } from "./view.js";

/** As `part`, and filled anew when something was changed. */
export function watched(fill) {
  const place = part(fill);
  onChange(place.again);
  return place;
}

/** The value, or null where the appliance refuses it: for facts beside others. */
export const maybe = (promise) => promise.catch(() => null);
