/** How often a page that needs the server looks whether it is there, ms. */
export const lookEveryMs = 3000;

/** Whether the server answers now. */
export const serverAnswers = (): Promise<boolean> =>
  fetch('/healthz', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );

/** Resolves when it does; it is asked a while later for the first time, so that what fails again and again stays slow. */
export const whenServerAnswers = async (): Promise<void> => {
  do await new Promise((later) => setTimeout(later, lookEveryMs));
  while (!(await serverAnswers()));
};
