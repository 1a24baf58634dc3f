import { accountOf, checkWrite } from '@signaldb/access';
import type { CallContext, FlightService } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';

/** Actions that change nothing; all others need the right to write. */
const readingActions: readonly string[] = ['ListTables'];
/** Actions for the cluster's own services. */
const internalActions: readonly string[] = ['barrier'];

/** The door for accounts: who may only read writes nothing, and what is the cluster's own is for the cluster. */
export function withRights(door: Partial<FlightService>): Partial<FlightService> {
  const { doPut, doExchange, doAction } = door;
  return {
    ...door,
    ...(doPut && {
      doPut: (messages, context) => doPut.call(door, messages, writing(context)),
    }),
    ...(doExchange && {
      doExchange: (messages, context) => doExchange.call(door, messages, writing(context)),
    }),
    ...(doAction && {
      doAction(action, context) {
        const { type } = action;
        const account = accountOf(context);
        if (internalActions.includes(type)) {
          if (!account.internal)
            throw new GrpcError(Status.PERMISSION_DENIED, `the action ${type} is for the services of the cluster`);
        } else if (!readingActions.includes(type)) checkWrite(account);
        return doAction.call(door, action, context);
      },
    }),
  };
}

function writing(context: CallContext): CallContext {
  checkWrite(accountOf(context));
  return context;
}
