import { type Signal, useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { schemeFigures } from '../../src/params/scheme-figures.ts';
import { PicturePanels } from '../figures/picture-panels.tsx';
import type { PaletteName } from '../heat/palette.ts';
import type { HeatSelection } from '../heat/selection.ts';
import { SchemesPanel } from '../schemes/schemes-panel.tsx';
import { Controls } from './controls.tsx';
import { Experiment } from './experiment.ts';
import { SIDE_NAMES, SIDES, type Side } from './messages.ts';
import { OutcomeCard } from './outcome-card.tsx';
import type { PlaygroundRun } from './playground-run.ts';

/** A simulated machine in the page: pick a workload, turn knobs, see what comes of it. */
export function Playground({ palette }: { readonly palette: Signal<PaletteName> }) {
  const experiment = useMemo(() => new Experiment(), []);
  const { run } = experiment;
  useEffect(() => {
    experiment.start();
    return () => run.close();
  }, []);
  const side = useSignal<Side>('trial');
  const selection = useSignal<HeatSelection | null>(null);
  const picture = run.pictures.value[side.value];
  return (
    <div class="playground">
      <Controls experiment={experiment} />
      <div class="results">
        <OutcomeCard points={run.points.value} />
        <fieldset class="tabs">
          <legend class="hidden">Which machine to look at</legend>
          {SIDES.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={side.value === one}
              onClick={() => {
                side.value = one;
              }}
            >
              {SIDE_NAMES[one]}
            </button>
          ))}
        </fieldset>
        <PicturePanels
          key={picture.id}
          picture={picture}
          name={`${experiment.workload.name}, ${SIDE_NAMES[side.value].toLowerCase()}`}
          palette={palette}
          selection={selection}
        />
        <section class="card" aria-labelledby="play-schemes">
          <h2 id="play-schemes">Schemes</h2>
          <PlayedSchemes run={run} />
        </section>
      </div>
    </div>
  );
}

function PlayedSchemes({ run }: { readonly run: PlaygroundRun }) {
  const points = useComputed(() =>
    run.points.value.map(({ timeUs, schemes }) => ({
      timeUs,
      schemes: schemes.map(schemeFigures),
    })),
  );
  const params = run.params.value;
  if (params === null) return null;
  const { trial } = run.pictures.value;
  void trial.revision.value;
  const snapshot = trial.latest?.snapshot;
  const { operations, schemes } = params;
  return (
    <>
      <SchemesPanel params={params} points={points.value} snapshot={snapshot} virtual />
      {schemes.length > 0 && (
        <details>
          <summary>As a parameter file</summary>
          <pre>{JSON.stringify({ operations, schemes }, null, 2)}</pre>
        </details>
      )}
    </>
  );
}
