import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import type { WhatIfAnswer } from '../../src/client/api-types.ts';
import { Tiles } from '../parts/tiles.tsx';
import { OutAndBack } from './out-and-back.tsx';

/** What would have come of a scheme, and what the answer can't know. */
export function WhatIfResult({
  answer,
  virtual,
}: {
  readonly answer: WhatIfAnswer;
  readonly virtual: boolean;
}) {
  const { durationUs, savedBytes, savedShare, netSavedBytes, overTime } = answer;
  return (
    <div class="trial-result">
      <h3>What if</h3>
      <p>
        Over the last {formatDuration(durationUs)}, {formatBytes(savedBytes)} would have been out of
        memory on average: {formatShare(savedShare)} of what was resident.
      </p>
      <Tiles
        tiles={[
          ['Saved, net', formatBytes(netSavedBytes), 'less what swap takes of memory'],
          ['Out at the end', formatBytes(answer.endSavedBytes), ''],
          ['Paged out', formatBytes(answer.pagedOutBytes), 'in all'],
          ['Came back', formatBytes(answer.refaultedBytes), perSecond(answer)],
          [
            'Slowdown',
            formatShare(answer.slowdownShare),
            `${formatDuration(answer.stallUs)} of waiting`,
          ],
        ]}
      />
      <OutAndBack
        title="What if, over time"
        virtual={virtual}
        points={overTime.map(({ timeUs, savedBytes: outBytes, refaultedBytes: cameBackBytes }) => ({
          ...{ timeUs, outBytes, cameBackBytes },
        }))}
      />
      <h4>What this can’t know</h4>
      <ul class="caveats">
        {answer.limits.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </div>
  );
}

function perSecond({ refaultsPerSecond }: WhatIfAnswer): string {
  return `${refaultsPerSecond.toFixed(refaultsPerSecond < 10 ? 1 : 0)} faults a second`;
}
