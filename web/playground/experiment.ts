import { computed, signal } from '@preact/signals';
import { PlaygroundRun } from './playground-run.ts';
import { type KnobValues, presets, RECIPES, recipeNamed } from './recipes.ts';
import { WORKLOADS } from './workloads.ts';

/** What is tried on what. Each change begins a new run. */
export class Experiment {
  readonly run: PlaygroundRun = new PlaygroundRun();
  readonly #workload = signal(WORKLOADS[0]!);
  readonly #recipe = signal(RECIPES[0]!);
  readonly #knobs = signal<KnobValues>(presets(RECIPES[0]!));
  readonly #speed = signal(10);
  /** Those that the machine of the workload has the nodes for. */
  readonly recipes = computed(() =>
    RECIPES.filter(({ nrNodes }) => nrNodes <= this.#workload.value.nrNodes),
  );

  get workload() {
    return this.#workload.value;
  }

  get recipe() {
    return this.#recipe.value;
  }

  get knobs() {
    return this.#knobs.value;
  }

  get speed() {
    return this.#speed.value;
  }

  start(): void {
    const { text } = this.workload;
    const { name } = this.recipe;
    this.run.start({ scenario: text, recipe: name, knobs: this.knobs, speed: this.speed });
  }

  takeWorkload(name: string): void {
    this.#workload.value = WORKLOADS.find((one) => one.name === name)!;
    // A machine with two tiers is there for trading between them.
    const [most] = this.recipes.value.toSorted((a, b) => b.nrNodes - a.nrNodes);
    this.takeRecipe(most!.name);
  }

  takeRecipe(name: string): void {
    this.#recipe.value = recipeNamed(name);
    this.#knobs.value = presets(this.recipe);
    this.start();
  }

  turn(knob: string, value: number): void {
    this.#knobs.value = { ...this.knobs, [knob]: value };
    this.start();
  }

  setSpeed(speed: number): void {
    this.#speed.value = speed;
    this.run.setSpeed(speed);
  }
}
