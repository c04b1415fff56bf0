/** Scripts of this project, none of which may change the machine that it runs on. */
const OWN_SCRIPTS = /^(start|test|bench|check|conformance)\b/;

/** Whether this runs in a test, a bench or `npm start`. */
export function isOwnScript(): boolean {
  const { VITEST, npm_lifecycle_event: script } = process.env;
  return VITEST !== undefined || OWN_SCRIPTS.test(script ?? '');
}
