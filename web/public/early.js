// Asks for what the first page shows, and for the page itself, while the app is still on its way: round trips less to wait for. src/api/client.ts takes the answers.
(() => {
  // The app was quicker: it asks by itself.
  if (window.milepostAsked) return;
  // What the browser knows of languages takes a tenth of a second to load on a slow phone: nobody waits for it while the app is on its way.
  setTimeout(() => {
    new Intl.DateTimeFormat(navigator.language, { dateStyle: 'medium', timeStyle: 'short' }).format();
    new Intl.Collator(navigator.language).compare('a', 'b');
  });
  // What only the page at an address needs of the build: tools/name-page-files.ts writes it here.
  const filesOf = {};
  for (const file of filesOf[location.pathname] ?? []) {
    const isStyle = file.endsWith('.css');
    const link = Object.assign(document.createElement('link'), {
      rel: isStyle ? 'preload' : 'modulepreload',
      href: file,
      crossOrigin: '',
    });
    if (isStyle) link.as = 'style';
    document.head.append(link);
  }
  // Who is about to sign in has nothing to ask for yet.
  if (/^\/(sign-in|sign-up|reset|confirm-email|first-operator)$/.test(location.pathname)) return;
  const asked = {};
  // Read to its end before somebody waits for it: then a page is drawn once, with what it shows.
  const read = async (response) => {
    const text = await response.text();
    const { status, headers } = response;
    return Object.assign(new Response(text, { status, headers }), { json: async () => JSON.parse(text) });
  };
  const ask = (address) => {
    asked[address] = fetch(address, { headers: { accept: 'application/json' } }).then(read);
    asked[address].catch(() => {});
  };
  ask('/v1/config');
  if (location.pathname === '/') ask('/v1/vehicles?limit=500&sort=name');
  if (location.pathname === '/vehicles' && location.search === '') {
    ask('/v1/vehicles?sort=name&limit=100');
    ask('/v1/vehicles/counts');
  }
  window.milepostAsked = asked;
})();
