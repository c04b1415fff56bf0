import type { ServiceEvent } from './api-types.ts';

/**
 * Events out of the pieces of a `text/event-stream`. The service writes one `data` line for each;
 * everything else only says that the connection lives.
 */
export async function* eventsOf(
  pieces: AsyncIterable<Uint8Array>,
  alive?: () => void,
): AsyncGenerator<ServiceEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    alive?.();
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('data: ')) yield JSON.parse(line.slice(6)) as ServiceEvent;
    }
  }
}
