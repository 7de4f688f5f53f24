import Type, { type Static } from 'typebox';
import { warningCodes, warningCodesToldMax, type WarningSeverity, warningSeverities } from '../warnings.ts';
import { closed, oneOf } from './shared.ts';

export const severityWords = warningSeverities.filter((severity): severity is WarningSeverity => severity !== 'none');

const weightKg = Type.Number({ minimum: 0, maximum: 4_294_967_295 });

/** What a warning is about besides its code; a field that does not fit the code is not there. */
export const warningDetail = closed({
  wheels: Type.Optional(
    Type.Array(Type.Integer({ minimum: 0, maximum: 3 }), { description: 'Front left, front right, rear left, rear right' }),
  ),
  codes: Type.Optional(Type.Array(Type.String(), { maxItems: warningCodesToldMax, description: 'Fault codes' })),
  codeCount: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 65_535, description: 'Fault codes of which only the number is known' }),
  ),
  weightKg: Type.Optional(weightKg),
  weightMaxKg: Type.Optional(weightKg),
});
export type WarningDetailView = Static<typeof warningDetail>;

/** What every warning says, whether it is active or long over. */
export const warningBase = {
  code: oneOf(warningCodes),
  severity: oneOf(severityWords),
  detail: warningDetail,
  text: Type.String({ description: 'English; a translation goes by code and detail' }),
};

export const vehicleWarning = closed({
  ...warningBase,
  signals: Type.Array(Type.String(), { description: 'Paths of the signals whose values led to it' }),
});
export type WarningView = Static<typeof vehicleWarning>;
