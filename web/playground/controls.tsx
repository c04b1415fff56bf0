import { useSignal } from '@preact/signals';
import { formatDuration } from '../../src/base/units.ts';
import { Icon } from '../parts/icon.tsx';
import type { Experiment } from './experiment.ts';
import type { Knob } from './recipes.ts';
import { WORKLOADS } from './workloads.ts';

const SPEEDS: readonly (readonly [speed: number, name: string])[] = [
  [1, 'as on a clock'],
  [10, '10 times as fast'],
  [50, '50 times as fast'],
  [0, 'as fast as it can'],
];

/** Everything that can be chosen about an experiment. */
export function Controls({ experiment }: { readonly experiment: Experiment }) {
  const { workload, recipe, knobs, run } = experiment;
  return (
    <section class="card controls" aria-label="The experiment">
      <h2>Experiment</h2>
      <Choice
        name="Workload"
        value={workload.name}
        options={WORKLOADS.map(({ name }) => [name, name])}
        onChange={(name) => experiment.takeWorkload(name)}
      />
      <p class="quiet">{workload.about}</p>
      <Choice
        name="Scheme"
        value={recipe.name}
        options={experiment.recipes.value.map(({ name }) => [name, name])}
        onChange={(name) => experiment.takeRecipe(name)}
      />
      <p class="quiet">{recipe.about}</p>
      {recipe.knobs.map((knob) => (
        <KnobSlider
          key={`${recipe.name} ${knob.name}`}
          knob={knob}
          value={knobs[knob.name]!}
          onChange={(value) => experiment.turn(knob.name, value)}
        />
      ))}
      <Choice
        name="Time passes"
        value={String(experiment.speed)}
        options={SPEEDS.map(([speed, name]) => [String(speed), name])}
        onChange={(speed) => experiment.setSpeed(Number(speed))}
      />
      <RunButtons experiment={experiment} />
      {run.problem.value !== null && (
        <p class="problem" role="alert">
          {run.problem.value}
        </p>
      )}
    </section>
  );
}

function Choice({
  name,
  value,
  options,
  onChange,
}: {
  readonly name: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}) {
  return (
    <label>
      {name}
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function KnobSlider({
  knob,
  value,
  onChange,
}: {
  readonly knob: Knob;
  readonly value: number;
  readonly onChange: (value: number) => void;
}) {
  const shown = useSignal(value);
  return (
    <label class="knob">
      <span>
        {knob.name} <b class="knob-value">{knob.format(shown.value)}</b>
      </span>
      <input
        type="range"
        min={0}
        max={knob.steps.length - 1}
        value={Math.max(knob.steps.indexOf(shown.value), 0)}
        aria-valuetext={knob.format(shown.value)}
        onInput={({ currentTarget }) => {
          shown.value = knob.steps[currentTarget.valueAsNumber]!;
        }}
        onChange={() => onChange(shown.value)}
      />
      <small class="quiet">{knob.meaning}</small>
    </label>
  );
}

function RunButtons({ experiment }: { readonly experiment: Experiment }) {
  const { run } = experiment;
  const state = run.state.value;
  const timeUs = run.points.value.at(-1)?.timeUs ?? 0;
  return (
    <div class="run-buttons">
      {(state === 'running' || state === 'paused') && (
        <button type="button" onClick={() => (state === 'running' ? run.pause() : run.resume())}>
          <Icon name={state === 'running' ? 'pause' : 'play'} />
          {state === 'running' ? 'Hold' : 'Go on'}
        </button>
      )}
      <button type="button" class="primary" onClick={() => experiment.start()}>
        <Icon name="again" />
        Run again
      </button>
      <progress
        aria-label="Simulated time"
        value={timeUs}
        max={Math.max(run.durationUs.value, 1)}
      />
      <span class="quiet">
        {formatDuration(timeUs)} of {formatDuration(run.durationUs.value)}
      </span>
    </div>
  );
}
