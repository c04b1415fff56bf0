/** Answers that go on. Nothing is read ahead: what a slow reader doesn't take, it misses. */
import type { ServiceEvent } from '../../client/api-types.ts';
import { aliveFrame, FRAMES_MEDIA_TYPE } from '../../client/snapshot-frame.ts';

/** Longer silence than this would look like a lost connection. */
const ALIVE_EVERY_MS = 10_000;

/** Opens a source that ends when the signal aborts. */
type Source = (signal: AbortSignal) => AsyncIterator<Uint8Array, void, void>;

/** Frames of snapshots, with empty ones while there is nothing to tell. */
export function framesResponse(frames: Source): Response {
  return streamResponse(FRAMES_MEDIA_TYPE, frames, aliveFrame());
}

/** Server-sent events, with comments while there is nothing to tell. */
export function eventsResponse(
  events: (signal: AbortSignal) => AsyncIterable<ServiceEvent>,
): Response {
  const text = new TextEncoder();
  async function* encoded(signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    yield text.encode('retry: 2000\n\n');
    for await (const event of events(signal)) {
      yield text.encode(
        `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
      );
    }
  }
  return streamResponse('text/event-stream', encoded, text.encode(':\n\n'));
}

function streamResponse(type: string, source: Source, alive: Uint8Array): Response {
  const over = new AbortController();
  const pieces = source(over.signal);
  let next: Promise<IteratorResult<Uint8Array, void>> | null = null;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        next ??= pieces.next();
        const silence = Promise.withResolvers<null>();
        const timer = setTimeout(() => silence.resolve(null), ALIVE_EVERY_MS);
        timer.unref();
        const got = await Promise.race([next, silence.promise]);
        clearTimeout(timer);
        if (got === null) return controller.enqueue(alive);
        next = null;
        if (got.done) controller.close();
        else controller.enqueue(got.value);
      },
      async cancel() {
        over.abort();
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, {
    headers: { 'content-type': type, 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}
