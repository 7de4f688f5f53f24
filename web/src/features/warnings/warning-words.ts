import type { WarningCode } from '@milepost/contract';
import type { WarningDetailView } from '@milepost/contract/api';
import { useI18n } from 'vue-i18n';
import { readFault } from '../../components/fault-codes.ts';
import { useFormats } from '../../components/use-formats.ts';

/** What is needed of a warning to say it. */
export interface SaidWarning {
  readonly code: WarningCode;
  /** Undefined: what it is about is not known, as of a past moment. */
  readonly detail?: WarningDetailView | undefined;
}

export interface WarningWords {
  /** A warning as a sentence of its own: Rear left tire pressure is low. */
  sentence(warning: SaidWarning): string;
  /** A fault code with what it means: P0A80 (the drive battery is worn out: replace it). */
  fault(code: string): string;
}

const capitalised = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** Says warnings and fault codes in plain words of the page's language. */
export const useWarningWords = (): WarningWords => {
  const { t } = useI18n();
  const formats = useFormats();
  const wheels = (found: readonly number[]): string => formats.value.list(found.map((wheel) => t(`warnings.wheel.${wheel}`)));

  const fault = (told: string): string => {
    const { code, system, isGeneric, part, known } = readFault(told);
    if (!system) return code;
    if (known) return `${code} (${t(`faults.codes.${known}`)})`;
    const family = t(`faults.system.${system}`);
    const detail = isGeneric ? part && t(`faults.part.${part}`) : t('faults.own');
    return detail ? `${code} (${family}: ${detail})` : `${code} (${family})`;
  };

  const weights = (kg: number, maxKg: number): string => {
    const { text: weight, unit } = formats.value.weight(kg);
    return t('warnings.weight', { weight, max: formats.value.weight(maxKg).text, unit });
  };

  const what = ({ wheels: found, codes, codeCount, weightKg, weightMaxKg }: WarningDetailView): string | undefined => {
    if (found) return wheels(found);
    if (codes) return formats.value.list(codes.map(fault));
    if (codeCount !== undefined) return t('warnings.codeCount', { count: formats.value.number(codeCount) });
    return weightKg === undefined || weightMaxKg === undefined ? undefined : weights(weightKg, weightMaxKg);
  };

  const needsWhat = new Set<WarningCode>([
    'fault_codes',
    'battery_fault_codes',
    'brakes_worn',
    'tire_pressure_low',
    'overweight',
  ]);
  const sentence = ({ code, detail = {} }: SaidWarning): string => {
    const about = what(detail);
    // Without what it is about only its name can be said.
    if (about === undefined && needsWhat.has(code)) return t(`warning.${code}`);
    if (code === 'fault_codes' && detail.codes === undefined) return capitalised(about ?? '');
    return capitalised(t(`warnings.sentence.${code}`, { what: about ?? '' }));
  };
  return { sentence, fault };
};
