import { defineBoot } from '#q-app';
import { useFleet } from '../stores/fleet.ts';
import { useSession } from '../stores/session.ts';

/** Asks for what the first page shows before the page is there to ask: a round trip less to wait for. */
export default defineBoot(() => {
  void useSession().load();
  if (location.pathname === '/') void useFleet().load();
});
