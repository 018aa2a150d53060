/** Calls over the bridge, with errors turned back into `AppError`. */
import { AppError } from '@domain/contract/errors';
import {
  invokeChannels,
  type Bridge,
  type InvokeChannel,
  type InvokeParams,
  type InvokeResult,
} from '@domain/contract/ipc';

/**
 * Asks main for something and checks the shape of the answer.
 *
 * @throws AppError with main's code; `BAD_REPLY` when the answer has the wrong shape
 */
export async function invoke<C extends InvokeChannel>(
  bridge: Bridge,
  channel: C,
  ...params: InvokeParams<C> extends undefined ? [] : [InvokeParams<C>]
): Promise<InvokeResult<C>> {
  const reply = await bridge.invoke(channel, ...params);
  if (!reply.ok) throw new AppError(reply.problem.code, reply.problem);
  const parsed = invokeChannels[channel].result.safeParse(reply.value);
  if (!parsed.success) throw new AppError('BAD_REPLY', { params: { channel } });
  return parsed.data as InvokeResult<C>;
}
