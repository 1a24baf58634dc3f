import type { CallContext, SessionError, Sessions, SessionValue } from '@signaldb/flight';

type Options = Readonly<Record<string, SessionValue>>;

/** Sessions whose options can't be changed (they may depend on the caller): setting one to the value it has succeeds. */
export function fixedSessions(options: Options | ((context: CallContext) => Options)): Sessions {
  const optionsOf = typeof options === 'function' ? options : () => options;
  return {
    get: async (context) => optionsOf(context),
    set: async (wanted, context) => {
      const fixed = optionsOf(context);
      const errors: Record<string, SessionError> = {};
      for (const [name, value] of Object.entries(wanted)) {
        if (!Object.hasOwn(fixed, name)) errors[name] = 'INVALID_NAME';
        else if (fixed[name] !== value) errors[name] = 'INVALID_VALUE';
      }
      return errors;
    },
  };
}
