import type { MessageContext, MessageFunction } from 'vue-i18n';

/** What the library hands to sentences that it compiled itself, too. */
interface Context extends MessageContext {
  interpolate(value: unknown): string;
  normalize(parts: readonly string[]): string;
}
type Form = (context: Context) => string;

/** `{name}` stands for a value, which may be part of a page (`<i18n-t>`); everything else for itself. */
const compileForm = (form: string): Form => {
  // Most have none, and the pattern takes a slow phone longer than all the rest.
  if (!form.includes('{')) return () => form;
  const parts = form.split(/\{(\w+)\}/);
  if (parts.length === 1) return () => form;
  return (context) =>
    context.normalize(
      parts
        .map((part, index) => (index % 2 === 0 ? part : context.interpolate(context.named(part))))
        .filter((part) => part !== ''),
    );
};

const compiled = new Map<string, Form>();

/**
 * What our sentences use of the library's grammar: `{name}`, and forms of a plural between bars. Its own compiler reads each sentence letter by letter when it
 * is shown first, which a slow phone feels, and is 17 kB of script.
 */
export const compileMessage = (message: unknown): MessageFunction => {
  if (typeof message !== 'string') throw new TypeError('a sentence is a text');
  const known = compiled.get(message);
  if (known) return known as MessageFunction;
  const forms = message.split('|').map((form) => compileForm(message.includes('|') ? form.trim() : form));
  const [only] = forms as [Form, ...Form[]];
  const made: Form = forms.length === 1 ? only : (context) => context.plural(forms.map((form) => form(context)));
  compiled.set(message, made);
  return made as MessageFunction;
};
