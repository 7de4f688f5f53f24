import { defineBoot } from '#q-app';
import { watch } from 'vue';
import { setFormats } from '../components/use-formats.ts';
import { i18n, showLanguage } from '../i18n/index.ts';
import { usePreferences } from '../stores/preferences.ts';

/** The app starts in the person's language, units and time zone, and follows them. */
export default defineBoot(async ({ app, store }) => {
  app.use(i18n);
  const preferences = usePreferences(store);
  const apply = async (): Promise<void> => {
    // Words and figures change together; without the words the figures are still right.
    await showLanguage(preferences.language);
    setFormats(preferences.formatSettings);
  };
  await apply();
  watch(() => preferences.formatSettings, apply);
});
