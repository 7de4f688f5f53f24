/** Calls back when what changed just now is on the screen: for work that may wait until somebody has seen that they were heard. */
export const afterPaint = (act: () => void): void => {
  requestAnimationFrame(() => setTimeout(act));
};
