// Asks for what the first page shows while the app is still on its way: a round trip less to wait for. src/api/client.ts takes the answers.
(() => {
  // The app was quicker: it asks by itself.
  if (window.milepostAsked) return;
  // Who is about to sign in has nothing to ask for yet.
  if (/^\/(sign-in|sign-up|reset|confirm-email|first-operator)$/.test(location.pathname)) return;
  const asked = {};
  const ask = (address) => {
    asked[address] = fetch(address, { headers: { accept: 'application/json' } });
    asked[address].catch(() => {});
  };
  ask('/v1/config');
  if (location.pathname === '/') ask('/v1/vehicles?limit=500&sort=name');
  window.milepostAsked = asked;
})();
