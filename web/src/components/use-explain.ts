import { useI18n } from 'vue-i18n';
import type { ApiError } from '../api/client.ts';

/**
 * What went wrong, in the person's language: by the code that the server answered. The server's own sentence is English and says
 * more, so English shows it.
 */
export const useExplain = (): ((error: ApiError) => string) => {
  const i18n = useI18n();
  const { t, locale } = i18n;
  return (error) => {
    if (error.isOffline) return t('failure.offlineText');
    const { code, detail, field } = error.problem ?? {};
    if (locale.value === 'en' && detail) return detail;
    // A newer server may know codes that this page does not.
    if (code === undefined || !i18n.te(`errors.${code}`, 'en')) return error.message;
    return t(`errors.${code}`, { field: field?.split(/[./]/).at(-1) ?? '' });
  };
};
