import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import type { ShadowView } from '../../src/client/api-types.ts';
import { Tiles } from '../parts/tiles.tsx';
import { OutAndBack } from './out-and-back.tsx';

interface ShadowResultProps {
  readonly shadow: ShadowView;
  readonly virtual: boolean;
  readonly busy: boolean;
  readonly onEnd: () => void;
}

/** What a shadow would have taken so far, and in what it is not the real thing. */
export function ShadowResult({ shadow, virtual, busy, onEnd }: ShadowResultProps) {
  const { now, history, durationUs, differences } = shadow;
  const cameBackShare = now.leftBytes === 0 ? 0 : now.cameBackBytes / now.leftBytes;
  return (
    <div class="trial-result">
      <header>
        <h3>
          Shadow <span class="badge">counting</span>
        </h3>
        <button type="button" disabled={busy} onClick={onEnd}>
          End the shadow
        </button>
      </header>
      <p>
        {durationUs > 0 ? `It has run for ${formatDuration(durationUs)}` : 'It has just begun'};{' '}
        {formatBytes(now.grossBytes)} would be out of memory now.
      </p>
      <Tiles
        tiles={[
          ['Out now, net', formatBytes(now.netBytes), 'less what swap takes of memory'],
          ['Left', formatBytes(now.leftBytes), 'in all'],
          ['Came back', formatBytes(now.cameBackBytes), `${formatShare(cameBackShare)} of it`],
          ['Waiting', formatDuration(now.stallUs), 'for what came back'],
        ]}
      />
      <OutAndBack
        title="Shadow, over time"
        virtual={virtual}
        points={history.map(({ timeUs, grossBytes, cameBackBytes }) => ({
          ...{ timeUs, outBytes: grossBytes, cameBackBytes },
        }))}
      />
      <h4>In what it is not the real thing</h4>
      <ul class="caveats">
        {differences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </div>
  );
}
