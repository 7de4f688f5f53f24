import type { WarningCode } from '@milepost/contract';
import type { WarningDetailView } from '@milepost/contract/api';
import { useI18n } from 'vue-i18n';
import { readFault } from '../../components/fault-codes.ts';
import { listText } from '../../components/moment.ts';
import { presentQuantity } from '../../components/present.ts';

/** What is needed of a warning to say it. */
export interface SaidWarning {
  readonly code: WarningCode;
  readonly detail: WarningDetailView;
}

export interface WarningWords {
  /** A warning as a sentence of its own: Rear left tire pressure is low. */
  sentence(warning: SaidWarning): string;
  /** A fault code with what it means: P0A80 (the drive battery is worn out: replace it). */
  fault(code: string): string;
}

const capitalised = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);
const weightPath = 'Vehicle.CurrentOverallWeight';

/** Says warnings and fault codes in plain words of the page's language. */
export const useWarningWords = (): WarningWords => {
  const { t, tm, rt } = useI18n();
  const wheels = (found: readonly number[]): string => {
    const names = (tm('warnings.wheel') as string[]).map((name) => rt(name));
    return listText(found.map((wheel) => names[wheel] ?? ''));
  };

  const fault = (told: string): string => {
    const { code, system, isGeneric, part, known } = readFault(told);
    if (!system) return code;
    if (known) return t('warnings.fault', { code, meaning: t(`faults.codes.${known}`) });
    const family = t(`faults.system.${system}`);
    const detail = isGeneric ? part && t(`faults.part.${part}`) : t('faults.own');
    return t('warnings.fault', { code, meaning: detail ? t('warnings.faultPart', { system: family, part: detail }) : family });
  };

  const weights = (kg: number, maxKg: number): string => {
    const [weight, max] = [kg, maxKg].map((value) => presentQuantity(weightPath, 'kg', value));
    return t('warnings.weight', { weight: weight?.text ?? '', max: max?.text ?? '', unit: weight?.unit ?? '' });
  };

  const what = ({ wheels: found, codes, codeCount, weightKg, weightMaxKg }: WarningDetailView): string | undefined => {
    if (found) return wheels(found);
    if (codes) return listText(codes.map(fault));
    if (codeCount !== undefined) return t('warnings.codeCount', { count: codeCount });
    return weightKg === undefined || weightMaxKg === undefined ? undefined : weights(weightKg, weightMaxKg);
  };

  const needsWhat = new Set<WarningCode>([
    'fault_codes',
    'battery_fault_codes',
    'brakes_worn',
    'tire_pressure_low',
    'overweight',
  ]);
  const sentence = ({ code, detail }: SaidWarning): string => {
    const about = what(detail);
    // Without what it is about only its name can be said.
    if (about === undefined && needsWhat.has(code)) return t(`warning.${code}`);
    if (code === 'fault_codes' && detail.codes === undefined) return capitalised(about ?? '');
    return capitalised(t(`warnings.sentence.${code}`, { what: about ?? '' }));
  };
  return { sentence, fault };
};
