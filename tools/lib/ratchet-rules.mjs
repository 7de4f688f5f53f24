/** Longest file and function of new code, in lines. What is longer must be in tools/ratchet.json, whose figures only shrink. */
export const limits = { files: 400, functions: 70 };

/** @typedef {{ files: Record<string, number>, functions: Record<string, number> }} Lengths lines by name */

/**
 * @param {Lengths} measured
 * @param {Lengths} recorded
 * @returns {{ tooLong: string[], tightened: Lengths, isTight: boolean }}
 */
export const compareWithRecord = (measured, recorded) => {
  /** @type {string[]} */
  const tooLong = [];
  /** @type {Lengths} */
  const tightened = { files: {}, functions: {} };
  for (const kind of /** @type {const} */ (['files', 'functions'])) {
    for (const [name, lines] of Object.entries(measured[kind])) {
      if (lines <= limits[kind]) continue;
      const allowed = recorded[kind][name];
      if (allowed === undefined || lines > allowed)
        tooLong.push(`${name} has ${lines} lines, allowed are ${allowed ?? limits[kind]}`);
      if (allowed !== undefined) tightened[kind][name] = Math.min(lines, allowed);
    }
  }
  const isTight = JSON.stringify(sorted(tightened)) === JSON.stringify(sorted(recorded));
  return { tooLong, tightened: sorted(tightened), isTight };
};

/**
 * @param {Lengths} lengths
 * @returns {Lengths}
 */
const sorted = (lengths) => {
  const sort = (/** @type {Record<string, number>} */ of) =>
    Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { files: sort(lengths.files), functions: sort(lengths.functions) };
};
