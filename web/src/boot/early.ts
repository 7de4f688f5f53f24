import { defineBoot } from '#q-app';
import { useFleet } from '../stores/fleet.ts';
import { useSession } from '../stores/session.ts';

/** Answers to what early.js asked are mostly there by now: so little is waited for them, to draw the page once instead of three times. */
const waitMs = 60;

/** Asks for what the first page shows before the page is there to ask. */
export default defineBoot(async () => {
  // Who is about to sign in has nothing to ask for yet.
  if (/^\/(sign-in|sign-up|reset|confirm-email|first-operator)$/.test(location.pathname)) return;
  const session = useSession().load();
  const fleet = location.pathname === '/' ? useFleet().load() : undefined;
  await Promise.race([Promise.all([session, fleet]), new Promise((done) => setTimeout(done, waitMs))]);
});
