import { wheels } from './signals/core.ts';
import { type WarningCode, type WarningDetail, warningKinds } from './warnings.ts';

const detailText = ({ wheels: found, codes, codeCount, weightKg, weightMaxKg }: WarningDetail): string => {
  if (found) return found.map((wheel) => (wheels[wheel]?.label ?? '').toLowerCase()).join(', ');
  if (codes) return codes.join(', ');
  if (codeCount !== undefined) return String(codeCount);
  return weightKg === undefined || weightMaxKg === undefined ? '' : `${weightKg} kg of ${weightMaxKg} kg`;
};

/** A warning as an English sentence: for callers of the API and files. The web app has sentences of its own. */
export const warningText = (code: WarningCode, detail: WarningDetail): string =>
  warningKinds[code].text.replace('{detail}', () => detailText(detail));
